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
//! Whether a transaction is open is what [`Connection::is_autocommit`] says, never a count: SQLite
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
//! In a transaction of a test, the end of a block looks for violated foreign keys in all tables, so it finds also such
//! as were there before.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use ::rusqlite::ffi::{self, Error as SqliteError};
use ::rusqlite::{Connection, Error as RusqliteError, OptionalExtension as _};

use super::dialect::sqlite;
use super::original::{find, original};
use super::ownership::Ownership;
use crate::error::{BoxError, Error};
use crate::options::Options;
use crate::transaction::{
    Begin, CommitError, ConnectionId, Owned, RollbackError, Savepoint, Session, Transaction,
    TransactionStatus,
};

/// Marks sources that are a `&Connection`.
#[derive(Debug)]
pub enum Shared {}

/// Marks sources that dereference to a `&mut Connection`, itself included.
#[derive(Debug)]
pub enum Exclusive {}

/// Marks sources that are given away with the guard that leads to them.
#[derive(Debug)]
pub enum Guarded {}

/// Marks sources that are a `&P`, where `P` dereferences to a connection.
#[derive(Debug)]
pub enum SharedPointer {}

/// Marks sources that are a `&mut P`, where `P` dereferences to a connection.
#[derive(Debug)]
pub enum ExclusivePointer {}

impl<'c> Begin<Shared> for &'c Connection {
    type Transaction = RusqliteTransaction<&'c Connection, Shared>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(RusqliteTransaction::new(self, Ownership::Borrowed))
    }
}

impl<P: DerefMut<Target = Connection>> Begin<Exclusive> for P {
    type Transaction = RusqliteTransaction<P, Exclusive>;

    #[inline]
    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        let ownership = Ownership::of::<P, Connection>();
        Ok(RusqliteTransaction::new(self, ownership))
    }
}

impl<G: DerefMut<Target = Connection>> Begin<Guarded> for Owned<G> {
    type Transaction = RusqliteTransaction<G, Exclusive>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(RusqliteTransaction::new(self.0, Ownership::Owned))
    }
}

impl<'p, P: Deref<Target = Connection>> Begin<SharedPointer> for &'p P {
    type Transaction = RusqliteTransaction<&'p P, SharedPointer>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(RusqliteTransaction::new(self, Ownership::Borrowed))
    }
}

impl<'p, P: DerefMut<Target = Connection>> Begin<ExclusivePointer> for &'p mut P {
    type Transaction = RusqliteTransaction<&'p mut P, ExclusivePointer>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(RusqliteTransaction::new(self, Ownership::Borrowed))
    }
}

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

/// A kind of source, and its way to the connection.
pub trait Access {
    /// The type that the body sees.
    type Handle<'t>
    where
        Self: 't;

    /// Lends the connection to the body.
    fn lend(&mut self) -> Self::Handle<'_>;

    /// The connection itself.
    fn connection(&self) -> &Connection;

    /// Whether nobody else can begin a block on the connection meanwhile.
    const EXCLUSIVE: bool;
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

    const EXCLUSIVE: bool = false;
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

    const EXCLUSIVE: bool = true;
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

    const EXCLUSIVE: bool = false;
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

    const EXCLUSIVE: bool = true;
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
        check_foreign_keys(self.connection()).map_err(|error| CommitError::Refused(error.into()))
    }
}

/// Says what a `COMMIT` would of foreign keys that are violated, in the same words and with the same code.
fn check_foreign_keys(connection: &Connection) -> Result<(), RusqliteError> {
    let enforced = connection.query_row("PRAGMA foreign_keys", [], |row| row.get(0));
    if enforced.optional()? != Some(true) {
        return Ok(());
    }
    let mut violations = connection.prepare("PRAGMA foreign_key_check")?;
    let violation = violations.query_row([], |row| {
        let (child, parent): (String, String) = (row.get("table")?, row.get("parent")?);
        Ok(format!(
            "FOREIGN KEY constraint failed: a row of {child} refers to one that {parent} does not have"
        ))
    });
    match violation.optional()? {
        None => Ok(()),
        Some(message) => {
            let code = SqliteError::new(ffi::SQLITE_CONSTRAINT_FOREIGNKEY);
            Err(RusqliteError::SqliteFailure(code, Some(message)))
        }
    }
}

/// The driver's own error where there is one and it tells the whole story; otherwise an error that
/// has the [`Error`] as its source, for [`Error::find`].
impl From<Error> for RusqliteError {
    fn from(error: Error) -> Self {
        original(error).unwrap_or_else(|error| Self::ToSqlConversionFailure(error.into()))
    }
}
