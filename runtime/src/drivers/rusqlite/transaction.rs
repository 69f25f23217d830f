//! The transaction on a SQLite connection, whatever the source.

use std::marker::PhantomData;

use ::rusqlite::Error as RusqliteError;
use ::rusqlite::ffi::Error as SqliteError;

use super::sources::Access;
use super::{check, pragma};
use crate::drivers::dialect::pragma::only;
use crate::drivers::dialect::sqlite;
use crate::drivers::ownership::Ownership;
use crate::error::{BoxError, Error, find};
use crate::options::Options;
#[cfg(feature = "ambient")]
use crate::pool_id::PoolId;
use crate::settings::Settings;
use crate::transaction::{
    CommitError, ConnectionId, RollbackError, Savepoint, Session, Transaction, TransactionStatus,
};

/// Any connection of rusqlite.
#[cfg(feature = "ambient")]
pub(super) enum Rusqlite {}

/// A transaction on a SQLite connection.
#[derive(Debug)]
pub struct RusqliteTransaction<C, Kind> {
    pub(super) connection: C,
    ownership: Ownership,
    kind: PhantomData<fn() -> Kind>,
}

impl<C, Kind> RusqliteTransaction<C, Kind> {
    pub(super) fn new(connection: C, ownership: Ownership) -> Self {
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

    #[cfg(feature = "ambient")]
    fn pool(&self) -> PoolId {
        Access::pool(self)
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

    fn begin_with(&mut self, options: &Options, settings: &mut Settings) -> Result<(), BoxError> {
        let begin = sqlite::begin(options)?;
        only(settings)?;
        pragma::change(self.connection(), settings)?;
        Ok(self.execute(begin)?)
    }

    /// In a transaction that could not be ended nothing would come of it.
    fn put_back(&mut self, settings: &mut Settings) {
        if !self.is_open() {
            let _ = pragma::put_back(self.connection(), settings);
        }
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
        error
            .into_driver_error()
            .unwrap_or_else(|error| Self::ToSqlConversionFailure(error.into()))
    }
}
