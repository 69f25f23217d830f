//! Statements that are still to be executed on a connection when a future was dropped, by somebody who cannot await.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Builder, Thread};

use ::diesel::result::QueryResult;
use ::diesel_async::AsyncConnection;

use crate::drivers::diesel_steps::{Database, Interrupted};

/// The fate of a statement whose future is not awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnDrop {
    /// `AsyncPgConnection` sends it when it is first polled, in the order of these polls.
    Queue,
    /// `SyncConnectionWrapper` executes it on another thread, which needs nobody to poll it.
    Thread,
    /// Nobody knows whether it is executed.
    Nothing,
}

impl OnDrop {
    /// By the name of the connection's manager of transactions, which is inside of that of a pooled
    /// connection: the types are not there without features of diesel-async, which this crate cannot see.
    pub(super) fn of<C: AsyncConnection>(database: Database) -> Self {
        let wrapped = std::any::type_name::<C::TransactionManager>()
            .contains("::SyncTransactionManagerWrapper<");
        match (database, wrapped) {
            (Database::PostgreSql, false) => Self::Queue,
            // Of a server nobody knows how long it takes.
            (Database::Sqlite, true) => Self::Thread,
            _ => Self::Nothing,
        }
    }

    pub(super) fn interrupted(self) -> Interrupted {
        match self {
            Self::Queue | Self::Thread => Interrupted::Works,
            // `mysql_async` says so of its `Routine`.
            Self::Nothing => Interrupted::MayBeLost,
        }
    }
}

/// Has a statement sent, without waiting for its end. Says whether the connection has taken it.
pub(super) fn queue(statement: impl Future<Output = QueryResult<()>>) -> bool {
    match pin!(statement).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Pending => true,
        Poll::Ready(executed) => executed.is_ok(),
    }
}

/// Waits for something that others are at, or returns `None` when no thread is to be had. A thread of its own,
/// because a task of tokio may have used up what it may do before it lets others run, and would wait for ever.
pub(super) fn wait<T: Send>(future: impl Future<Output = T> + Send) -> Option<T> {
    thread::scope(|scope| {
        let waiting = Builder::new().spawn_scoped(scope, || park_until_ready(future));
        waiting.ok()?.join().ok()
    })
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn park_until_ready<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
