//! Test support: transactions that are never kept, and deferred calls that are caught.
//!
//! In a test that runs inside a transaction, to be rolled back at its end, every annotated function would be
//! nested, and nothing that it defers would ever run. [`TestTransaction`] and [`AsyncTestTransaction`] know
//! better: what runs on their connection behaves as outermost, savepoint or not. And [`capture`] hands the
//! calls to the test instead of running them.
//!
//! ```
//! # #[cfg(feature = "rusqlite")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use commit_on_success::testing::{TestTransaction, capture};
//! use commit_on_success::{commit_on_success, defer};
//! use rusqlite::Connection;
//!
//! #[commit_on_success]
//! fn store(conn: &mut Connection, title: &'static str) -> rusqlite::Result<()> {
//!     conn.execute("INSERT INTO object VALUES (?1)", [title])?;
//!     defer!(println!("{title} is stored"));
//!     Ok(())
//! }
//!
//! let mut conn = Connection::open_in_memory()?;
//! conn.execute_batch("CREATE TABLE object (title TEXT)")?;
//!
//! let mut test = TestTransaction::begin(&mut conn)?;
//! store(test.connection(), "The Savepoint")?; // prints
//! let (stored, calls) = capture(|| store(test.connection(), "Two Generals"));
//! stored?;
//! assert_eq!(calls.len(), 1); // and did not print
//! test.rollback()?;
//!
//! let left: i64 = conn.query_row("SELECT count(*) FROM object", [], |row| row.get(0))?;
//! assert_eq!(left, 0);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "rusqlite"))]
//! # fn main() {}
//! ```

use std::future::Future;
use std::panic::Location;

use crate::context::{Frame, Hidden, Inside, Kind};
use crate::error::{BoxError, Error, HandlerFailure};
use crate::event::Committed;
use crate::options::Options;
use crate::queue::Queue;
use crate::rehearsal::{self, Rehearsal};
use crate::run::Drain;
use crate::site::Site;
use crate::transaction::{
    Abandoned, AsyncBegin, AsyncTransaction, Begin, ConnectionId, RollbackError, Savepoint,
    Transaction,
};

/// Runs a block, and returns beside its value what would have run after its transactions committed: deferred
/// calls, and handlers of `post_commit`, in their order.
///
/// The transactions in it commit as always; what was deferred in those that rolled back is not there. A call
/// that is deferred outside of any transaction is not caught.
pub fn capture<R>(block: impl FnOnce() -> R) -> (R, Captured) {
    let mut frame = capturing();
    let value = frame.during(block);
    (value, Captured(frame.pending.queue))
}

/// As [`capture`], for a future.
pub async fn capture_async<F: Future>(block: F) -> (F::Output, Captured) {
    let mut frame = capturing();
    let value = Inside::new(&mut frame, block).await;
    (value, Captured(frame.pending.queue))
}

fn capturing() -> Frame {
    Frame::new(
        ConnectionId::new(0),
        Kind::Capture,
        &Site::NOWHERE,
        Savepoint::OUTERMOST,
    )
}

/// Calls that were caught. Dropping it drops them.
#[derive(Debug)]
pub struct Captured(Queue);

impl Captured {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.waiting_for_commit()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where each of them was deferred, or connected, in their order.
    #[must_use]
    pub fn locations(&self) -> Vec<&'static Location<'static>> {
        self.0.locations()
    }

    /// Runs them, outside of any transaction, and returns what failed. An async call does not run, and is
    /// among the failures as [`HandlerFailure::Lost`].
    ///
    /// # Panics
    ///
    /// With the first panic of a call, once all have run.
    #[must_use = "the failures are returned, not raised"]
    pub fn run(self) -> Vec<HandlerFailure> {
        let mut drain = self.drain();
        let hidden = Hidden::new();
        while drain.next_sync().is_some() {}
        drop(hidden);
        drain.finish()
    }

    /// Runs them, outside of any transaction, and returns what failed.
    ///
    /// # Panics
    ///
    /// With the first panic of a call, once all have run.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the rest runs as it would after a commit.
    pub async fn run_async(self) -> Vec<HandlerFailure> {
        let mut drain = self.drain();
        while drain.next().await.is_some() {}
        drain.finish()
    }

    fn drain(self) -> Drain {
        let event = Committed {
            site: &Site::NOWHERE,
            nesting: 0,
            deferred: self.0.deferred(),
        };
        Drain::new(self.0, event)
    }
}

/// A transaction that is always rolled back, for a test on a sync driver.
///
/// An annotated function that is given its [`connection`](Self::connection) behaves as the outermost one: at its
/// end it is released, as a savepoint, and what it has deferred runs. Options for the begin of a transaction, such
/// as an isolation level, have no effect in it. A function that takes another connection from a pool is not
/// inside it.
///
/// Dropping it rolls back as well.
#[derive(Debug)]
pub struct TestTransaction<T: Transaction> {
    transaction: T,
    rehearsal: Rehearsal,
    open: bool,
}

impl<T: Transaction> TestTransaction<T> {
    /// Begins it.
    ///
    /// # Errors
    ///
    /// [`Error::Begin`].
    pub fn begin<S, D>(source: S) -> Result<Self, Error>
    where
        S: Begin<D, Transaction = T>,
    {
        let mut transaction = source.acquire().map_err(no_begin)?;
        transaction.begin(&Options::new()).map_err(no_begin)?;
        Ok(Self {
            rehearsal: Rehearsal::new(transaction.connection_id()),
            transaction,
            open: true,
        })
    }

    /// What an annotated function is to be given.
    pub fn connection(&mut self) -> T::Handle<'_> {
        self.rehearsal.follow(self.transaction.connection_id());
        self.transaction.handle()
    }

    /// Rolls everything back.
    ///
    /// # Errors
    ///
    /// [`Error::Ended`] when the transaction is not there any more, [`Error::Rollback`] when the driver fails.
    pub fn rollback(mut self) -> Result<(), Error> {
        self.open = false;
        said(self.transaction.rollback())
    }
}

impl<T: Transaction> Drop for TestTransaction<T> {
    fn drop(&mut self) {
        if self.open && self.transaction.rollback().is_err() {
            self.transaction.discard();
        }
    }
}

/// A transaction that is always rolled back, for a test on an async driver; see [`TestTransaction`].
///
/// An annotated function whose future is dropped is undone when the next one begins, or by
/// [`settle`](Self::settle): a drop cannot wait for the database.
///
/// Dropping it abandons the transaction, as a dropped future does.
#[derive(Debug)]
pub struct AsyncTestTransaction<T: AsyncTransaction> {
    transaction: T,
    rehearsal: Rehearsal,
    abandoned: Option<Abandoned>,
}

impl<T: AsyncTransaction> AsyncTestTransaction<T> {
    /// Begins it.
    ///
    /// # Errors
    ///
    /// [`Error::Begin`].
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it leaves no transaction to the next user of a pooled connection.
    pub async fn begin<S, D>(source: S) -> Result<Self, Error>
    where
        S: AsyncBegin<D, Transaction = T>,
    {
        let mut transaction = source.acquire().await.map_err(no_begin)?;
        let mut test = Self {
            rehearsal: Rehearsal::new(transaction.connection_id()),
            transaction,
            abandoned: Some(Abandoned::Interrupted),
        };
        let begun = test.transaction.begin(&Options::new()).await;
        begun.map_err(no_begin)?;
        test.abandoned = Some(Abandoned::Open);
        Ok(test)
    }

    /// What an annotated function is to be given.
    pub fn connection(&mut self) -> T::Handle<'_> {
        self.rehearsal.follow(self.transaction.connection_id());
        self.transaction.handle()
    }

    /// Undoes what a function has done whose future was dropped, if there is such.
    ///
    /// # Errors
    ///
    /// [`Error::Rollback`].
    pub async fn settle(&mut self) -> Result<(), Error> {
        self.rehearsal.follow(self.transaction.connection_id());
        let settled = rehearsal::settle(&mut self.transaction).await;
        let function = FUNCTION;
        settled.map_err(|source| Error::Rollback { function, source })
    }

    /// Rolls everything back.
    ///
    /// # Errors
    ///
    /// [`Error::Ended`] when the transaction is not there any more, [`Error::Rollback`] when the driver fails.
    pub async fn rollback(mut self) -> Result<(), Error> {
        self.abandoned = Some(Abandoned::Interrupted);
        let rolled_back = said(self.transaction.rollback().await);
        if rolled_back.is_ok() {
            self.abandoned = None;
        }
        rolled_back
    }
}

impl<T: AsyncTransaction> Drop for AsyncTestTransaction<T> {
    fn drop(&mut self) {
        if let Some(abandoned) = self.abandoned {
            self.transaction.abandon(abandoned);
        }
    }
}

/// In the place of an annotated function's name.
const FUNCTION: &str = "TestTransaction";

fn no_begin(source: BoxError) -> Error {
    let function = FUNCTION;
    Error::Begin { function, source }
}

fn said(rolled_back: Result<(), RollbackError>) -> Result<(), Error> {
    let function = FUNCTION;
    rolled_back.map_err(|error| match error {
        RollbackError::Ended => Error::Ended { function },
        RollbackError::Failed(source) | RollbackError::Disconnected(source) => {
            Error::Rollback { function, source }
        }
    })
}
