//! `rusqlite`: `&Connection`, `&mut Connection`, and whatever dereferences to them.
//!
//! | source | the body sees |
//! | --- | --- |
//! | `&Connection` | `&Connection` |
//! | `&mut Connection` | `&mut Connection` |
//! | `P`, by value, where `P: DerefMut<Target = Connection>`: a pooled connection, a box, the guard of a lock | `&mut Connection` |
//! | [`Owned(guard)`](crate::Owned), for the same `P` | `&mut Connection` |
//! | `&mut P`, for the same `P` | `&mut P` |
//! | `&P` where `P: Deref<Target = Connection>`: also `rusqlite::Transaction` | `&P` |
//!
//! A source given by value is dropped, which means returned to its pool, or unlocked, before deferred calls run.
//!
//! A transaction that is open on a connection from the start is that of the caller where the source is a reference, and
//! of others who have the lock where it is a `MutexGuard`, `RwLockWriteGuard` or `RefMut` of the standard library: the
//! block is a savepoint in it. With any other source by value, and with `Owned`, it was left behind: it is rolled back,
//! and observers are told. The guards of other locks cannot be told from connections of pools, and a box is gone at the
//! end of the block, with whatever is still open.
//!
//! Whether a transaction is open is what `Connection::is_autocommit` says, never a count: SQLite
//! ends a transaction by itself on `ON CONFLICT ROLLBACK`, `RAISE(ROLLBACK)`, a full disk, and other
//! errors (<https://www.sqlite.org/lang_transaction.html>, section 3). `BEGIN`, `COMMIT` and the
//! others go through the connection's cache of prepared statements, which makes them several times
//! cheaper than `Connection::transaction`.
//!
//! # What cannot be kept
//!
//! SQLite does not say how many savepoints are open. So a block inside of a `rusqlite::Savepoint` that the body has made
//! takes the block around it for its parent: if the savepoint is rolled back, what the inner block did is gone, and what
//! it deferred runs all the same. An annotated function in place of the savepoint is undone together with its calls.
//!
//! A connection is told by its place. A body that puts another one there, with `std::mem::swap` or `replace`, has that
//! one committed. Where no transaction is open on it, that is [`Error::Ended`]; where one is, the block ends well, and
//! what the body did before stays open on the connection that it has taken away.
//!
//! SQLite does not tell one transaction from the next. A body that ends its own and begins another one in plain SQL has
//! that one committed in its place, and its deferred calls run.
//!
//! In a transaction of a test, the end of a block looks for violated foreign keys in all tables, so it finds also such
//! as were there before.

mod check;
mod sources;

use std::marker::PhantomData;

use ::rusqlite::Error as RusqliteError;
use ::rusqlite::ffi::Error as SqliteError;

pub use sources::{Access, Exclusive, ExclusivePointer, Guarded, Shared, SharedPointer};

use super::dialect::sqlite;
use super::original::original;
use super::ownership::Ownership;
use crate::error::{BoxError, Error, find};
use crate::options::Options;
use crate::transaction::{
    CommitError, ConnectionId, RollbackError, Savepoint, Session, Transaction, TransactionStatus,
};

/// A transaction on a SQLite connection.
#[derive(Debug)]
pub struct RusqliteTransaction<C, Kind> {
    connection: C,
    ownership: Ownership,
    kind: PhantomData<fn() -> Kind>,
}

impl<C, Kind> RusqliteTransaction<C, Kind> {
    fn new(connection: C, ownership: Ownership) -> Self {
        Self {
            connection,
            ownership,
            kind: PhantomData,
        }
    }
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
        self.ownership.is_owned()
    }

    fn clears_leftovers(&self) -> bool {
        self.ownership.clears_leftovers()
    }

    fn closes_connection(&self) -> bool {
        self.ownership.closes_connection()
    }

    fn is_exclusive(&self) -> bool {
        Self::EXCLUSIVE
    }

    fn driver(&self) -> &'static str {
        "rusqlite"
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        code_of(error).is_some_and(sqlite::is_transient)
    }

    fn was_rolled_back_by(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        code_of(error).is_some_and(sqlite::may_have_rolled_back)
    }
}

/// The primary result code of SQLite.
fn code_of(error: &(dyn std::error::Error + 'static)) -> Option<u32> {
    // An error that is transparent shows no more than the source of the driver's.
    let error = find::<RusqliteError>(error)
        .and_then(RusqliteError::sqlite_error)
        .or_else(|| find::<SqliteError>(error))?;
    Some(sqlite::primary(error.extended_code.cast_unsigned()))
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

    /// A busy file and a violated deferred constraint leave the transaction open, a failing disk does not.
    fn refusal(&self, error: RusqliteError) -> CommitError {
        if self.is_open() {
            CommitError::Refused(error.into())
        } else {
            CommitError::RolledBack(error.into())
        }
    }
}

impl<C, Kind> Transaction for RusqliteTransaction<C, Kind>
where
    Self: Access,
{
    fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        Ok(self.execute(sqlite::begin(options)?)?)
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        if !self.is_open() {
            return Err(CommitError::Ended);
        }
        self.execute("COMMIT").map_err(|error| self.refusal(error))
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
            .map_err(|error| self.refusal(error))
    }

    fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        if !self.is_open() {
            return Err(RollbackError::Ended);
        }
        self.execute(&savepoint.rollback_to())
            .and_then(|()| self.execute(&savepoint.release()))
            .map_err(|error| RollbackError::Failed(error.into()))
    }

    fn check(&mut self) -> Result<(), CommitError> {
        if !self.is_open() {
            return Err(CommitError::Ended);
        }
        check::foreign_keys(self.connection()).map_err(|error| CommitError::Refused(error.into()))
    }
}

/// The driver's own error where there is one and it tells the whole story; otherwise an error that
/// has the [`Error`] as its source, for [`Error::find`].
impl From<Error> for RusqliteError {
    fn from(error: Error) -> Self {
        original(error).unwrap_or_else(|error| Self::ToSqlConversionFailure(error.into()))
    }
}
