//! Savepoints in plain SQL.

use std::borrow::Cow;

use ::sea_orm::{DatabaseTransaction, DbErr};

use super::code::Code;
use super::database::{Database, execute, is_disconnected};
use super::ends::MYSQL_NO_SAVEPOINT;
use crate::drivers::dialect::postgresql;
use crate::error::BoxError;
use crate::transaction::{CommitError, RollbackError, Savepoint};

impl Database {
    pub(super) async fn create(
        self,
        transaction: &DatabaseTransaction,
        savepoint: &Savepoint,
    ) -> Result<(), BoxError> {
        let create = self.spell(transaction, savepoint.create());
        let create = match self {
            // Fails where there was nothing to create it in.
            Self::MySql => {
                let rollback_to = self.spell(transaction, savepoint.rollback_to());
                Cow::Owned(format!("{create}; {rollback_to}"))
            }
            // The savepoint would begin a transaction.
            Self::Sqlite if has_ended_on_sqlite(transaction).await => {
                return Err("the enclosing transaction has ended".into());
            }
            Self::Postgres | Self::Sqlite => create,
        };
        Ok(execute(transaction, &create).await?)
    }

    pub(super) async fn release(
        self,
        transaction: &DatabaseTransaction,
        savepoint: &Savepoint,
    ) -> Result<(), CommitError> {
        let release = self.spell(transaction, savepoint.release());
        match execute(transaction, &release).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.savepoint_failure(transaction, error).await),
        }
    }

    pub(super) async fn undo_to(
        self,
        transaction: &DatabaseTransaction,
        savepoint: &Savepoint,
    ) -> Result<(), RollbackError> {
        let rollback_to = self.spell(transaction, savepoint.rollback_to());
        let release = self.spell(transaction, savepoint.release());
        let Err(error) = execute(transaction, &format!("{rollback_to}; {release}")).await else {
            return Ok(());
        };
        Err(self.savepoint_failure(transaction, error).await.into())
    }

    /// MySQL forgets a savepoint when another one takes its name, and a transaction that was begun with
    /// sea-orm inside this one has savepoints of its own, of which nobody here knows.
    fn spell(
        self,
        transaction: &DatabaseTransaction,
        statement: Cow<'static, str>,
    ) -> Cow<'static, str> {
        let address = std::ptr::from_ref(transaction).addr();
        match self {
            Self::MySql => Cow::Owned(format!("{statement}_{address:x}")),
            Self::Postgres | Self::Sqlite => statement,
        }
    }

    /// The meaning of a savepoint that could not be released or rolled back to.
    pub(super) async fn savepoint_failure(
        self,
        transaction: &DatabaseTransaction,
        error: DbErr,
    ) -> CommitError {
        let code = Code::of(&error);
        if is_disconnected(transaction, &error).await {
            return CommitError::RolledBack(error.into());
        }
        let ended = match (self, &code) {
            (Self::Postgres, code) => {
                return postgresql::failure(code.as_ref().map(Code::text), error);
            }
            (Self::MySql, Some(code)) => code.is(MYSQL_NO_SAVEPOINT),
            (Self::MySql, None) => false,
            (Self::Sqlite, _) => has_ended_on_sqlite(transaction).await,
        };
        if ended {
            CommitError::Ended
        } else {
            CommitError::Refused(error.into())
        }
    }
}

/// One message, which stops at `BEGIN` inside a transaction.
async fn has_ended_on_sqlite(transaction: &DatabaseTransaction) -> bool {
    execute(transaction, "BEGIN; ROLLBACK").await.is_ok()
}
