//! `rusqlite`: `&Connection`, `&mut Connection`, and whatever dereferences to them.
//!
//! | source | the body sees |
//! | --- | --- |
//! | `&Connection` | `&Connection` |
//! | `&mut Connection` | `&mut Connection` |
//! | `P`, by value, where `P: DerefMut<Target = Connection>`: a pooled connection, a mutex guard, a box | `&mut Connection` |
//! | `&mut P`, for the same `P` | `&mut P` |
//! | `&P` where `P: Deref<Target = Connection>`: also `rusqlite::Transaction` | `&P` |
//!
//! A source given by value is dropped, which means returned to its pool, before deferred calls run.
//!
//! Whether a transaction is open is what [`Connection::is_autocommit`] says, never a count: SQLite
//! ends a transaction by itself on `ON CONFLICT ROLLBACK`, `RAISE(ROLLBACK)`, a full disk, and other
//! errors (<https://www.sqlite.org/lang_transaction.html>, section 3). `BEGIN`, `COMMIT` and the
//! others go through the connection's cache of prepared statements, which makes them several times
//! cheaper than `Connection::transaction`.

use std::ops::{Deref, DerefMut};

use ::rusqlite::ffi::{Error as SqliteError, ErrorCode};
use ::rusqlite::{Connection, Error as RusqliteError};

use super::original::{find, original};
use crate::error::{BoxError, Error};
use crate::options::Options;
use crate::transaction::{
    Begin, CommitError, ConnectionId, RollbackError, Savepoint, Session, Transaction,
    TransactionStatus,
};

/// Marks sources that are a `&Connection`.
#[derive(Debug)]
pub enum Shared {}

/// Marks sources that dereference to a `&mut Connection`, itself included.
#[derive(Debug)]
pub enum Exclusive {}

/// Marks sources that are a `&P`, where `P` dereferences to a connection.
#[derive(Debug)]
pub enum SharedPointer {}

/// Marks sources that are a `&mut P`, where `P` dereferences to a connection.
#[derive(Debug)]
pub enum ExclusivePointer {}

impl<'c> Begin<Shared> for &'c Connection {
    type Transaction = RusqliteTransaction<&'c Connection, Shared>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(RusqliteTransaction::new(self))
    }
}

impl<P: DerefMut<Target = Connection>> Begin<Exclusive> for P {
    type Transaction = RusqliteTransaction<P, Exclusive>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(RusqliteTransaction::new(self))
    }
}

impl<'p, P: Deref<Target = Connection>> Begin<SharedPointer> for &'p P {
    type Transaction = RusqliteTransaction<&'p P, SharedPointer>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(RusqliteTransaction::new(self))
    }
}

impl<'p, P: DerefMut<Target = Connection>> Begin<ExclusivePointer> for &'p mut P {
    type Transaction = RusqliteTransaction<&'p mut P, ExclusivePointer>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(RusqliteTransaction::new(self))
    }
}

/// A transaction on a SQLite connection.
#[derive(Debug)]
pub struct RusqliteTransaction<C, Kind> {
    connection: C,
    kind: std::marker::PhantomData<fn() -> Kind>,
}

impl<C, Kind> RusqliteTransaction<C, Kind> {
    fn new(connection: C) -> Self {
        Self {
            connection,
            kind: std::marker::PhantomData,
        }
    }
}

/// How a kind of source leads to its connection.
pub trait Access {
    /// What the body sees.
    type Handle<'t>
    where
        Self: 't;

    /// Lends the connection to the body.
    fn lend(&mut self) -> Self::Handle<'_>;

    /// The connection itself.
    fn connection(&self) -> &Connection;

    /// Whether dropping the source gives the connection back.
    const OWNS: bool;
}

impl Access for RusqliteTransaction<&Connection, Shared> {
    type Handle<'t>
        = &'t Connection
    where
        Self: 't;

    fn lend(&mut self) -> &Connection {
        self.connection
    }

    fn connection(&self) -> &Connection {
        self.connection
    }

    const OWNS: bool = false;
}

impl<P: DerefMut<Target = Connection>> Access for RusqliteTransaction<P, Exclusive> {
    type Handle<'t>
        = &'t mut Connection
    where
        Self: 't;

    fn lend(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn connection(&self) -> &Connection {
        &self.connection
    }

    // A `&mut Connection` does nothing when it is dropped; whatever else leads to a connection gives
    // it back.
    const OWNS: bool = std::mem::needs_drop::<P>();
}

impl<P: Deref<Target = Connection>> Access for RusqliteTransaction<&P, SharedPointer> {
    type Handle<'t>
        = &'t P
    where
        Self: 't;

    fn lend(&mut self) -> &P {
        self.connection
    }

    fn connection(&self) -> &Connection {
        self.connection
    }

    const OWNS: bool = false;
}

impl<P: DerefMut<Target = Connection>> Access for RusqliteTransaction<&mut P, ExclusivePointer> {
    type Handle<'t>
        = &'t mut P
    where
        Self: 't;

    fn lend(&mut self) -> &mut P {
        self.connection
    }

    fn connection(&self) -> &Connection {
        self.connection
    }

    const OWNS: bool = false;
}

impl<C, Kind> Session for RusqliteTransaction<C, Kind>
where
    Self: Access,
{
    type Handle<'t>
        = <Self as Access>::Handle<'t>
    where
        Self: 't;

    fn handle(&mut self) -> <Self as Session>::Handle<'_> {
        self.lend()
    }

    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::of(self.connection())
    }

    fn status(&mut self) -> TransactionStatus {
        if self.is_open() {
            TransactionStatus::Open
        } else {
            TransactionStatus::Idle
        }
    }

    fn owns_connection(&self) -> bool {
        Self::OWNS
    }

    fn driver(&self) -> &'static str {
        "rusqlite"
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        matches!(
            code_of(error),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        )
    }

    fn was_rolled_back_by(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        // Those after which SQLite may have rolled back, and `ON CONFLICT ROLLBACK` (section 3.1 of
        // its page on transactions).
        matches!(
            code_of(error),
            Some(
                ErrorCode::ConstraintViolation
                    | ErrorCode::DiskFull
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::OutOfMemory
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::OperationInterrupted
            )
        )
    }
}

fn code_of(error: &(dyn std::error::Error + 'static)) -> Option<ErrorCode> {
    // An error that is transparent shows no more than the source of the driver's.
    find::<RusqliteError>(error)
        .and_then(RusqliteError::sqlite_error_code)
        .or_else(|| Some(find::<SqliteError>(error)?.code))
}

impl<C, Kind> RusqliteTransaction<C, Kind>
where
    Self: Access,
{
    fn is_open(&self) -> bool {
        !self.connection().is_autocommit()
    }

    fn execute(&self, sql: &str) -> Result<(), RusqliteError> {
        self.connection().prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

impl<C, Kind> Transaction for RusqliteTransaction<C, Kind>
where
    Self: Access,
{
    fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        Ok(self.execute(super::dialect::sqlite::begin(options)?)?)
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        if !self.is_open() {
            return Err(CommitError::Ended);
        }
        self.execute("COMMIT").map_err(|error| {
            // A busy file and a violated deferred constraint leave the transaction open, a failing
            // disk does not.
            if self.is_open() {
                CommitError::Refused(error.into())
            } else {
                CommitError::RolledBack(error.into())
            }
        })
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        if !self.is_open() {
            return Err(RollbackError::Ended);
        }
        self.execute("ROLLBACK")
            .map_err(|error| RollbackError::Failed(error.into()))
    }

    fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        Ok(self.execute(&savepoint.create())?)
    }

    fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        if !self.is_open() {
            return Err(CommitError::Ended);
        }
        self.execute(&savepoint.release())
            .map_err(|error| CommitError::Refused(error.into()))
    }

    fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        if !self.is_open() {
            return Err(RollbackError::Ended);
        }
        self.execute(&savepoint.rollback_to())
            .and_then(|()| self.execute(&savepoint.release()))
            .map_err(|error| RollbackError::Failed(error.into()))
    }
}

/// The driver's own error where there is one and it tells the whole story; otherwise an error that
/// has the [`Error`] as its source, for [`Error::find`].
impl From<Error> for RusqliteError {
    fn from(error: Error) -> Self {
        original(error).unwrap_or_else(|error| Self::ToSqlConversionFailure(error.into()))
    }
}
