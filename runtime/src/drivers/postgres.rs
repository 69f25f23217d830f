//! `postgres`, the sync one: connections, whatever dereferences to one, and transactions begun by hand.
//!
//! | source | the body sees |
//! | --- | --- |
//! | `&mut Client` | `&mut Client` |
//! | `P`, by value, where `P: DerefMut<Target = Client>`: a pooled connection, a mutex guard, a box | `&mut Client` |
//! | `&mut P`, for the same `P` | `&mut P` |
//! | `&mut Transaction<'_>` | the same; always a savepoint |
//!
//! A source given by value is dropped, which means returned to its pool, before deferred calls run. A transaction
//! that the last user of such a connection has left open is rolled back before one begins.
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
//! body that ends the transaction, begins another one, and leaves that open, has its own one committed.
//!
//! A `Transaction` does not show its client. So a block on one that was begun by hand inside of another block is
//! not known to be inside of it, and has nobody who could run what it defers: that is
//! [`Error::NotOwned`](crate::Error::NotOwned).
//!
//! A connection that is only borrowed cannot be closed: after a rollback that failed, its owner has to drop it.

use std::marker::PhantomData;
use std::ops::DerefMut;

use ::postgres::{Client, Error as PostgresError, Transaction as ByHand};

use super::dialect::postgresql;
use super::postgres_messages::{self as messages, Sent};
use crate::error::BoxError;
use crate::options::Options;
use crate::transaction::{
    Begin, CommitError, ConnectionId, RollbackError, Savepoint, Session, Transaction,
    TransactionStatus,
};

/// Marks sources that dereference to a `&mut Client`, itself included.
#[derive(Debug)]
pub enum Exclusive {}

/// Marks sources that are a `&mut P`, where `P` dereferences to a client.
#[derive(Debug)]
pub enum ExclusivePointer {}

/// Marks sources that are a transaction begun by hand.
#[derive(Debug)]
pub enum Begun {}

impl<P: DerefMut<Target = Client>> Begin<Exclusive> for P {
    type Transaction = PostgresTransaction<P, Exclusive>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(self))
    }
}

impl<'p, P: DerefMut<Target = Client>> Begin<ExclusivePointer> for &'p mut P {
    type Transaction = PostgresTransaction<&'p mut P, ExclusivePointer>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(self))
    }
}

impl<'c, 't> Begin<Begun> for &'c mut ByHand<'t> {
    type Transaction = PostgresTransaction<&'c mut ByHand<'t>, Begun>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(self))
    }
}

/// A transaction on a connection to PostgreSQL.
#[derive(Debug)]
pub struct PostgresTransaction<C, Kind> {
    connection: C,
    /// Whether a transaction may be open that this one has begun.
    begun: bool,
    kind: PhantomData<fn() -> Kind>,
}

impl<C, Kind> PostgresTransaction<C, Kind> {
    fn new(connection: C) -> Self {
        Self {
            connection,
            begun: false,
            kind: PhantomData,
        }
    }
}

/// How a kind of source leads to its connection.
pub trait Access {
    /// What the body sees.
    type Handle<'h>
    where
        Self: 'h;

    /// What is known of the connection.
    const STATUS: TransactionStatus = TransactionStatus::Untracked;

    /// Whether dropping the source gives the connection back.
    const OWNS: bool = false;

    /// Lends the connection to the body.
    fn lend(&mut self) -> Self::Handle<'_>;

    /// Which connection it is.
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

impl<P: DerefMut<Target = Client>> Access for PostgresTransaction<P, Exclusive> {
    type Handle<'h>
        = &'h mut Client
    where
        Self: 'h;

    // A `&mut Client` does nothing when it is dropped; whatever else leads to a client gives it back.
    const OWNS: bool = std::mem::needs_drop::<P>();

    fn lend(&mut self) -> &mut Client {
        &mut self.connection
    }

    fn id(&self) -> ConnectionId {
        ConnectionId::of::<Client>(&self.connection)
    }

    fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    fn send(&mut self, sql: &str) -> Result<(), PostgresError> {
        self.connection.batch_execute(sql)
    }
}

impl<P: DerefMut<Target = Client>> Access for PostgresTransaction<&mut P, ExclusivePointer> {
    type Handle<'h>
        = &'h mut P
    where
        Self: 'h;

    fn lend(&mut self) -> &mut P {
        self.connection
    }

    fn id(&self) -> ConnectionId {
        ConnectionId::of::<Client>(self.connection)
    }

    fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    fn send(&mut self, sql: &str) -> Result<(), PostgresError> {
        self.connection.batch_execute(sql)
    }
}

impl<'t> Access for PostgresTransaction<&mut ByHand<'t>, Begun> {
    type Handle<'h>
        = &'h mut ByHand<'t>
    where
        Self: 'h;

    const STATUS: TransactionStatus = TransactionStatus::Open;

    fn lend(&mut self) -> &mut ByHand<'t> {
        self.connection
    }

    fn id(&self) -> ConnectionId {
        ConnectionId::of::<ByHand<'t>>(self.connection)
    }

    // It cannot be asked.
    fn is_closed(&self) -> bool {
        false
    }

    fn send(&mut self, sql: &str) -> Result<(), PostgresError> {
        self.connection.batch_execute(sql)
    }
}

impl<C, Kind> Session for PostgresTransaction<C, Kind>
where
    Self: Access,
{
    type Handle<'h>
        = <Self as Access>::Handle<'h>
    where
        Self: 'h;

    fn handle(&mut self) -> <Self as Session>::Handle<'_> {
        self.lend()
    }

    fn connection_id(&mut self) -> ConnectionId {
        self.id()
    }

    fn status(&mut self) -> TransactionStatus {
        Self::STATUS
    }

    fn owns_connection(&self) -> bool {
        Self::OWNS
    }

    fn driver(&self) -> &'static str {
        "postgres"
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        messages::is_transient(error)
    }
}

impl<C, Kind> Transaction for PostgresTransaction<C, Kind>
where
    Self: Access,
{
    fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        if Self::STATUS == TransactionStatus::Open {
            return Err("a transaction is open already".into());
        }
        let begin = postgresql::begin(options)?;
        self.begun = true;
        let Err(error) = self.send(&begin) else {
            return Ok(());
        };
        if Self::OWNS && messages::is_already_open(&error) {
            self.send(messages::CLEAR)?;
            return Ok(self.send(&begin)?);
        }
        // What may be open after a refusal is somebody else's.
        self.begun = !messages::is_refusal(&error);
        Err(error.into())
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        let sent = if self.is_closed() {
            Sent::No
        } else {
            Sent::Perhaps
        };
        let Err(error) = self.send(messages::COMMIT) else {
            return Ok(());
        };
        if messages::may_be_open(&error) {
            let _ = self.send(messages::CLEAR);
        }
        Err(messages::commit_failure(error, sent))
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        self.send(messages::ROLLBACK)
            .map_err(messages::rollback_failure)
    }

    fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        Ok(self.send(&savepoint.create())?)
    }

    fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        self.send(&savepoint.release()).map_err(messages::failure)
    }

    fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        self.send(&messages::rollback_to(*savepoint))
            .map_err(messages::rollback_failure)
    }

    /// A connection that answers is rolled back; one that does not cannot be closed from here.
    fn discard(&mut self) {
        if std::mem::take(&mut self.begun) {
            let _ = self.send(messages::CLEAR);
        }
    }
}
