//! A proxy on the loopback interface that answers a `COMMIT` in the place of the server, as poolers and
//! load balancers do when they have lost it.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

mod address;
mod frames;
mod mysql;
mod postgres;

pub use address::Address;

/// The answer that the client gets to its `COMMIT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// PostgreSQL's `ErrorResponse`. The session goes on after `ERROR` only.
    Postgres {
        /// `ERROR`, `FATAL` or `PANIC`.
        severity: &'static str,
        /// The SQLSTATE.
        code: &'static str,
    },
    /// MySQL's packet of an error. The session goes on.
    MySql {
        /// The number of the error.
        number: u16,
        /// The SQLSTATE.
        state: &'static str,
    },
    /// The server's own, on PostgreSQL.
    OfTheServer,
    /// PostgreSQL's `NoticeResponse`, and then the server's own answer.
    Notice,
    /// None: the connection is closed.
    Silence,
}

/// The end of the transaction whose `COMMIT` is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The server gets the `COMMIT`.
    Stored,
    /// The server gets a `ROLLBACK`.
    Undone,
}

#[derive(Debug, Default)]
struct State {
    planned: VecDeque<(Answer, Fate)>,
    answered: usize,
    /// The time between two messages of PostgreSQL to the client.
    pause: Duration,
}

/// The answers that are planned, the next one first.
#[derive(Clone, Debug, Default)]
struct Plan(Arc<Mutex<State>>);

impl Plan {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<(Answer, Fate)> {
        self.lock().planned.front().copied()
    }

    async fn pause(&self) {
        let pause = self.lock().pause;
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }

    /// Counts an answer. One that did not come to it, because the statements before the `COMMIT` had failed,
    /// stays the next one.
    fn done(&self) {
        let mut state = self.lock();
        state.planned.pop_front();
        state.answered += 1;
    }
}

/// A proxy in front of one server. Runs until it is dropped.
#[derive(Debug)]
pub struct AnsweringProxy {
    address: SocketAddr,
    plan: Plan,
    accepting: JoinHandle<()>,
}

impl AnsweringProxy {
    /// Starts a proxy that lets everything through.
    ///
    /// # Errors
    ///
    /// When no port is to be had.
    pub async fn to(server: &Address) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let plan = Plan::default();
        let accepting = tokio::spawn(accept(listener, server.clone(), plan.clone()));
        Ok(Self {
            address,
            plan,
            accepting,
        })
    }

    /// The port of 127.0.0.1 at which the proxy listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers a `COMMIT`: the next one, or the one after those that are planned already.
    pub fn answer(&self, answer: Answer, fate: Fate) {
        self.plan.lock().planned.push_back((answer, fate));
    }

    /// Has each message of PostgreSQL come alone to the client, as over a slow network.
    pub fn pause_between_messages(&self) {
        self.plan.lock().pause = Duration::from_millis(2);
    }

    /// Forgets the answers that are planned, and returns how many were given since this was last asked.
    #[must_use]
    pub fn take_answered(&self) -> usize {
        let mut state = self.plan.lock();
        state.planned.clear();
        std::mem::take(&mut state.answered)
    }
}

impl Drop for AnsweringProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, address: Address, plan: Plan) {
    while let Ok((client, _)) = listener.accept().await {
        let server = TcpStream::connect((&*address.host, address.port)).await;
        // A client whose server is away is turned away as well.
        let Ok(server) = server else { continue };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let (plan, is_mysql) = (plan.clone(), address.is_mysql());
        tokio::spawn(async move {
            if is_mysql {
                mysql::serve(client, server, plan).await
            } else {
                postgres::serve(client, server, plan).await
            }
        });
    }
}

/// Whether the client is still served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Served {
    On,
    No,
}

/// The statements before the first `COMMIT` of a message, and the rest of them. The toolkit's savepoints are spelled
/// in small letters.
fn split_at_commit(sql: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = sql.windows(6).position(|word| word == b"COMMIT")?;
    let (before, rest) = sql.split_at(start);
    Some((
        before.trim_ascii(),
        rest.strip_suffix(b"\0").unwrap_or(rest),
    ))
}

/// The first of some statements.
fn first(sql: &[u8]) -> &[u8] {
    let end = sql.iter().position(|byte| *byte == b';');
    sql[..end.unwrap_or(sql.len())].trim_ascii()
}
