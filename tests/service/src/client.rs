//! The crowd in front of the service: each client sends an order, and hears what became of it or hangs up.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::order::{Order, Told};

/// The longest wait for an answer. The service answers long before.
const PATIENCE: Duration = Duration::from_secs(30);

/// Clients of one server.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// The server.
    pub address: SocketAddr,
    /// The number of clients at once.
    pub clients: u32,
    /// The share of the orders after which a client hangs up.
    pub hang_up: f64,
    /// The longest wait until then.
    pub within: Duration,
}

/// The end of the orders of a crowd.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// A moment.
    Moment(Instant),
    /// The first order that is not sent any more.
    Order(i64),
}

impl Until {
    fn is_over(self, id: i64) -> bool {
        match self {
            Self::Moment(end) => Instant::now() >= end,
            Self::Order(end) => id >= end,
        }
    }
}

/// An order, and what its client has heard of it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The order.
    pub order: Order,
    /// The answer, or the lack of one.
    pub heard: Heard,
    /// The moment when it was.
    pub at: Instant,
}

/// The answer to an order, as its client has heard it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// An answer.
    Answer(Told),
    /// Nothing, for it has hung up.
    HungUp,
    /// Nothing, although it has waited for an answer.
    Nothing,
}

impl Crowd {
    /// Sends orders until the end, and then waits for what is due.
    pub async fn order(&self, ids: &Arc<AtomicI64>, seed: u64, until: Until) -> Vec<Entry> {
        let mut clients = JoinSet::new();
        for client in 0..self.clients {
            let seed = seed.wrapping_mul(1_000_003).wrapping_add(client.into());
            let (crowd, ids) = (*self, Arc::clone(ids));
            clients.spawn(async move { crowd.one(&ids, Rng::with_seed(seed), until).await });
        }
        clients.join_all().await.concat()
    }

    async fn one(self, ids: &AtomicI64, mut rng: Rng, until: Until) -> Vec<Entry> {
        let (mut wire, mut entries) = (None, Vec::new());
        loop {
            let id = ids.fetch_add(1, Ordering::Relaxed);
            if until.is_over(id) {
                break;
            }
            let order = Order::random(id, &mut rng);
            let asking = self.ask(&mut wire, order, &mut rng);
            let heard = timeout(PATIENCE, asking).await;
            entries.push(Entry {
                order,
                heard: heard.map_or(Heard::Nothing, |heard| heard.unwrap_or(Heard::Nothing)),
                at: Instant::now(),
            });
        }
        entries
    }

    /// A wire is kept for the next order once its answer was read.
    async fn ask(self, wire: &mut Option<Wire>, order: Order, rng: &mut Rng) -> io::Result<Heard> {
        let mut open = match wire.take() {
            Some(open) => open,
            None => Wire::to(self.address).await?,
        };
        open.send(order).await?;
        if rng.f64() < self.hang_up {
            let wait = self.within.mul_f64(rng.f64());
            // A timer cannot wait for less.
            if wait >= Duration::from_millis(1) {
                sleep(wait).await;
            }
            return Ok(Heard::HungUp);
        }
        let told = open.hear().await?;
        *wire = Some(open);
        Ok(Heard::Answer(told))
    }
}

/// A wire to the service, for one order after the other.
#[derive(Debug)]
pub struct Wire(TcpStream);

impl Wire {
    /// Connects.
    ///
    /// # Errors
    ///
    /// When nobody listens.
    pub async fn to(address: SocketAddr) -> io::Result<Self> {
        let open = TcpStream::connect(address).await?;
        open.set_nodelay(true)?;
        Ok(Self(open))
    }

    /// Sends an order.
    ///
    /// # Errors
    ///
    /// When the service has gone.
    pub async fn send(&mut self, order: Order) -> io::Result<()> {
        self.0.write_all(&request(order)?).await
    }

    /// Reads the answer.
    ///
    /// # Errors
    ///
    /// When the service has gone, or says nothing that is known.
    pub async fn hear(&mut self) -> io::Result<Told> {
        read_answer(&mut self.0).await
    }
}

fn request(order: Order) -> io::Result<Vec<u8>> {
    let body = serde_json::to_string(&order)?;
    let head = "POST /orders HTTP/1.1\r\nhost: service\r\ncontent-type: application/json";
    Ok(format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

/// The answers of the service have no body.
async fn read_answer(open: &mut TcpStream) -> io::Result<Told> {
    let mut answer = Vec::with_capacity(256);
    while !answer.ends_with(b"\r\n\r\n") {
        if open.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let answer = String::from_utf8_lossy(&answer);
    let outcome = answer
        .lines()
        .find_map(|line| line.strip_prefix("outcome: "));
    let told = outcome.and_then(|word| word.parse().ok());
    told.ok_or_else(|| io::Error::other(format!("no outcome in {answer}")))
}
