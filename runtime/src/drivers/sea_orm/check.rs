//! The checks that a database otherwise makes at `COMMIT` alone.

use ::sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, Statement};

use super::database::{Database, execute};
use crate::drivers::dialect::postgresql;
use crate::drivers::dialect::sqlite::{FOREIGN_KEY_CHECK, FOREIGN_KEYS, ForeignKeyViolated};
use crate::transaction::CommitError;

impl Database {
    pub(super) async fn check_deferred(
        self,
        transaction: &DatabaseTransaction,
    ) -> Result<(), CommitError> {
        let checked = match self {
            // Nothing is deferred.
            Self::MySql => Ok(None),
            Self::Postgres => execute(transaction, postgresql::CHECK).await.map(|()| None),
            Self::Sqlite => violated(transaction).await,
        };
        match checked {
            Ok(None) => Ok(()),
            Ok(Some(violated)) => Err(CommitError::Refused(violated.into())),
            Err(error) => Err(self.savepoint_failure(transaction, error).await),
        }
    }
}

/// The first foreign key of SQLite, where they are enforced, that a `COMMIT` would refuse.
async fn violated(transaction: &DatabaseTransaction) -> Result<Option<ForeignKeyViolated>, DbErr> {
    let ask = |sql| transaction.query_one_raw(Statement::from_string(DatabaseBackend::Sqlite, sql));
    let enforced = ask(FOREIGN_KEYS).await?;
    let enforced = enforced
        .map(|row| row.try_get_by_index::<i32>(0))
        .transpose()?;
    if enforced.is_none_or(|enforced| enforced == 0) {
        return Ok(None);
    }
    let Some(row) = ask(FOREIGN_KEY_CHECK).await? else {
        return Ok(None);
    };
    let (table, parent) = (row.try_get_by_index(0)?, row.try_get_by_index(2)?);
    Ok(Some(ForeignKeyViolated { table, parent }))
}
