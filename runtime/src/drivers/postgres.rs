//! `postgres`, the sync one: connections, whatever dereferences to one, and transactions begun by hand.
//!
//! | source | the body sees |
//! | --- | --- |
//! | `&mut Client` | `&mut Client` |
//! | `P`, by value, where `P: DerefMut<Target = Client>`: a pooled connection, a box, the guard of a lock | `&mut Client` |
//! | [`Owned(guard)`](crate::Owned), for the same `P` | `&mut Client` |
//! | `&mut P`, for the same `P` | `&mut P` |
//! | `&mut Transaction<'_>` | the same; always a savepoint |
//!
//! A source given by value is dropped, which means returned to its pool, or unlocked, before deferred calls run. A
//! transaction that the last user of such a connection has left open is rolled back before one begins, and observers
//! are told. Not so with a `MutexGuard`, `RwLockWriteGuard` or `RefMut` of the standard library by itself: others who
//! have the lock may want their transaction back, and the block is refused, as it is with `&mut Client`. The guards of
//! other locks cannot be told from connections of pools.
//!
//! Each step is one message of the simple query protocol, `COMMIT` together with the savepoint that
//! makes sure that there is something to commit. So a transaction costs as many round trips as one by hand.
//!
//! The client blocks on a runtime of its own, and panics inside of any other (the rule of the driver; see
//! [`tokio::runtime::Runtime::block_on`]): in async code, use it on a blocking thread, or use
//! `tokio-postgres`.
//!
//! [`tokio::runtime::Runtime::block_on`]: https://docs.rs/tokio/1/tokio/runtime/struct.Runtime.html#method.block_on
//!
//! # Errors
//!
//! A `postgres::Error` is a `tokio_postgres::Error`, which cannot be made by others, so it cannot carry an
//! [`Error`](crate::Error), and there is no `From` for it. A function returns an error of its own,
//! `anyhow::Error`, or a box:
//!
//! ```
//! use commit_on_success::commit_on_success;
//! use postgres::Client;
//!
//! #[derive(Debug, thiserror::Error)]
//! enum AppError {
//!     #[error("the database says")]
//!     Database(#[from] postgres::Error),
//!     #[error("the transaction says")]
//!     Transaction(#[from] commit_on_success::Error),
//! }
//!
//! #[commit_on_success]
//! fn rename(client: &mut Client, id: i64, title: &str) -> Result<(), AppError> {
//!     let update = "UPDATE object SET title = $2 WHERE id = $1";
//!     client.execute(update, &[&id, &title])?;
//!     Ok(())
//! }
//! ```
//!
//! # What cannot be kept
//!
//! A `Client` does not know whether it is in a transaction. So one that the caller has begun in plain SQL is
//! only noticed, and the block refused, once a query has run in it; before, it ends with the block. And a
//! body that ends the transaction, begins another one (`ROLLBACK AND CHAIN` does both), and leaves that open, has that
//! one committed in place of its own, and its deferred calls run.
//!
//! A `COPY … FROM STDIN` that is sent with `batch_execute`, `simple_query` or `execute`, instead of with `copy_in`, has
//! nobody to end it. The server takes the next statement for its rows, and ends the session; where that is the block's
//! own commit, the outcome is unknown, though nothing was stored.
//!
//! A `Transaction` does not show its client. So a block on one that was begun by hand inside of another block is
//! not known to be inside of it, and has nobody who could run what it defers: that is
//! [`Error::NotOwned`](crate::Error::NotOwned).
//!
//! The client reads what the server sends while it waits for an answer, and at no other time. So a connection that was
//! lost while the body did something else is not known to be, the commit is tried, and where nothing tells whether it
//! was reached, that is [`Error::Unknown`](crate::Error::Unknown).
//!
//! A connection cannot be closed from here: after a rollback that failed, its owner has to drop it.

use std::future::{Future, ready};
use std::ops::DerefMut;

use ::postgres::{Client, Error as PostgresError, Transaction as ByHand};

use super::dialect::postgresql;
use super::ownership::Ownership;
use super::postgres_steps::{self as steps, Executor, Origin, Steps};
use crate::at_once::at_once;
use crate::error::BoxError;
use crate::options::Options;
use crate::transaction::{
    Begin, CommitError, ConnectionId, Owned, RollbackError, Savepoint, Session, Transaction,
    TransactionStatus,
};

const DRIVER: &str = "postgres";

/// Marks sources that dereference to a `&mut Client`, itself included.
#[derive(Debug)]
pub enum Exclusive {}

/// Marks sources that are a `&mut P`, where `P` dereferences to a client.
#[derive(Debug)]
pub enum ExclusivePointer {}

/// Marks sources that are a transaction begun by hand.
#[derive(Debug)]
pub enum Begun {}

/// Marks sources that are given away with the guard that leads to them.
#[derive(Debug)]
pub enum Guarded {}

impl<P: DerefMut<Target = Client>> Begin<Exclusive> for P {
    type Transaction = PostgresTransaction<ByValue<P>>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        let ownership = Ownership::of::<P, Client>();
        Ok(PostgresTransaction::new(ByValue {
            pointer: self,
            ownership,
        }))
    }
}

impl<G: DerefMut<Target = Client>> Begin<Guarded> for Owned<G> {
    type Transaction = PostgresTransaction<ByValue<G>>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(ByValue {
            pointer: self.0,
            ownership: Ownership::Owned,
        }))
    }
}

impl<'p, P: DerefMut<Target = Client>> Begin<ExclusivePointer> for &'p mut P {
    type Transaction = PostgresTransaction<ByReference<'p, P>>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(ByReference(self)))
    }
}

impl<'c, 't> Begin<Begun> for &'c mut ByHand<'t> {
    type Transaction = PostgresTransaction<&'c mut ByHand<'t>>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(self))
    }
}

/// A kind of source, and its way to the connection.
pub trait Hold {
    /// The type that the body sees.
    type Handle<'h>
    where
        Self: 'h;

    /// The state of every such connection, as far as its type tells.
    const STATUS: TransactionStatus = TransactionStatus::Untracked;

    /// Whose the connection is.
    fn ownership(&self) -> Ownership {
        Ownership::Borrowed
    }

    /// Lends the connection to the body.
    fn lend(&mut self) -> Self::Handle<'_>;

    /// Tells connections apart.
    fn id(&self) -> ConnectionId;

    /// Whether it is known to be closed.
    fn is_closed(&self) -> bool;

    /// Sends statements in one message.
    ///
    /// # Errors
    ///
    /// The driver's.
    fn send(&mut self, sql: &str) -> Result<(), PostgresError>;
}

/// A pointer to a connection, given by value; a `&mut Client` is one of these.
#[derive(Debug)]
pub struct ByValue<P> {
    pointer: P,
    ownership: Ownership,
}

impl<P: DerefMut<Target = Client>> Hold for ByValue<P> {
    type Handle<'h>
        = &'h mut Client
    where
        Self: 'h;

    fn ownership(&self) -> Ownership {
        self.ownership
    }

    fn lend(&mut self) -> &mut Client {
        &mut self.pointer
    }

    fn id(&self) -> ConnectionId {
        ConnectionId::of::<Client>(&self.pointer)
    }

    fn is_closed(&self) -> bool {
        self.pointer.is_closed()
    }

    fn send(&mut self, sql: &str) -> Result<(), PostgresError> {
        self.pointer.batch_execute(sql)
    }
}

/// A pointer to a connection, lent.
#[derive(Debug)]
pub struct ByReference<'p, P>(&'p mut P);

impl<'p, P: DerefMut<Target = Client>> Hold for ByReference<'p, P> {
    type Handle<'h>
        = &'h mut P
    where
        'p: 'h;

    fn lend(&mut self) -> &mut P {
        self.0
    }

    fn id(&self) -> ConnectionId {
        ConnectionId::of::<Client>(self.0)
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn send(&mut self, sql: &str) -> Result<(), PostgresError> {
        self.0.batch_execute(sql)
    }
}

impl<'c, 't> Hold for &'c mut ByHand<'t> {
    type Handle<'h>
        = &'h mut ByHand<'t>
    where
        'c: 'h;

    const STATUS: TransactionStatus = TransactionStatus::Open;

    fn lend(&mut self) -> &mut ByHand<'t> {
        self
    }

    fn id(&self) -> ConnectionId {
        ConnectionId::of::<ByHand<'t>>(self)
    }

    /// Its client cannot be asked.
    fn is_closed(&self) -> bool {
        false
    }

    fn send(&mut self, sql: &str) -> Result<(), PostgresError> {
        self.batch_execute(sql)
    }
}

/// A transaction on a connection to PostgreSQL.
#[derive(Debug)]
pub struct PostgresTransaction<H> {
    holder: H,
    steps: Steps,
}

impl<H: Hold> PostgresTransaction<H> {
    fn new(holder: H) -> Self {
        let steps = Steps::default();
        Self { holder, steps }
    }

    fn parts(&mut self) -> (&mut Steps, Direct<'_, H>) {
        (&mut self.steps, Direct(&mut self.holder))
    }
}

/// A connection whose answers are there at once.
struct Direct<'c, H>(&'c mut H);

impl<H: Hold> Executor for Direct<'_, H> {
    fn send(&mut self, sql: &str) -> impl Future<Output = Result<(), PostgresError>> + Send {
        ready(self.0.send(sql))
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

impl<H: Hold> Session for PostgresTransaction<H> {
    type Handle<'h>
        = H::Handle<'h>
    where
        Self: 'h;

    fn handle(&mut self) -> H::Handle<'_> {
        self.holder.lend()
    }

    fn connection_id(&mut self) -> ConnectionId {
        self.holder.id()
    }

    fn status(&mut self) -> TransactionStatus {
        H::STATUS
    }

    fn owns_connection(&self) -> bool {
        self.holder.ownership().is_owned()
    }

    fn clears_leftovers(&self) -> bool {
        self.holder.ownership().clears_leftovers()
    }

    fn closes_connection(&self) -> bool {
        self.holder.ownership().closes_connection()
    }

    /// All sources borrow their connection mutably, or have it.
    fn is_exclusive(&self) -> bool {
        true
    }

    fn driver(&self) -> &'static str {
        DRIVER
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        steps::is_transient(error)
    }
}

impl<H: Hold> Transaction for PostgresTransaction<H> {
    fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        if H::STATUS == TransactionStatus::Open {
            return Err("a transaction is open already".into());
        }
        let begin = postgresql::begin(options)?;
        let origin = Origin {
            driver: DRIVER,
            ownership: self.holder.ownership(),
        };
        let (steps, mut connection) = self.parts();
        at_once(steps.begin(&mut connection, &begin, origin))
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        let (steps, mut connection) = self.parts();
        at_once(steps.commit(&mut connection))
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        let (steps, mut connection) = self.parts();
        at_once(steps.rollback(&mut connection))
    }

    fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        let (steps, mut connection) = self.parts();
        at_once(steps.savepoint(&mut connection, savepoint))
    }

    fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        let (steps, mut connection) = self.parts();
        at_once(steps.release(&mut connection, savepoint))
    }

    fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        let (steps, mut connection) = self.parts();
        at_once(steps.rollback_to(&mut connection, savepoint))
    }

    fn check(&mut self) -> Result<(), CommitError> {
        at_once(Steps::check(&mut Direct(&mut self.holder)))
    }

    /// A connection that answers is rolled back; one that does not cannot be closed from here.
    fn discard(&mut self) {
        if let Some(undo) = self.steps.abandon() {
            let _ = self.holder.send(&undo);
        }
    }
}
