//! The ends of a transaction, in plain SQL.
//!
//! sea-orm's own `commit` and `rollback` end the innermost transaction that sqlx counts, which need not be
//! the one that they are called on, and ask nobody whether it was still there. So each end is one message
//! in SQL: a statement that fails unless the transaction is there, and then the end itself. On PostgreSQL and SQLite
//! another transaction is begun in its place, an empty one, for sqlx to end: it has not noticed.

use ::sea_orm::{DatabaseTransaction, DbErr};

use super::code::{Code, is_broken, mysql_number};
use super::database::{Database, execute, is_disconnected};
use crate::drivers::dialect::{mysql, postgresql, sqlite};
use crate::transaction::{CommitError, RollbackError};

/// `SQLITE_NOMEM` and `SQLITE_INTERRUPT`, which any statement can fail with.
const OF_ANY_STATEMENT: [u32; 2] = [7, 9];

/// The SQLSTATE of `ER_SP_DOES_NOT_EXIST`, and of syntax errors, which our statements do not have.
pub(super) const MYSQL_NO_SAVEPOINT: &str = "42000";
/// The SQLSTATE of a session or a statement that was killed.
const MYSQL_KILLED: &str = "70100";

impl Database {
    /// Commits what is open, unless nothing is or the database would not store it.
    ///
    /// MySQL does nothing for a savepoint outside of a transaction, and so finds none to release.
    const fn commit(self) -> &'static str {
        match self {
            Self::MySql => {
                "SAVEPOINT commit_on_success; RELEASE SAVEPOINT commit_on_success; COMMIT"
            }
            Self::Postgres => postgresql::COMMIT_AND_CHAIN,
            Self::Sqlite => "COMMIT; BEGIN; SAVEPOINT _sqlx_savepoint_1",
        }
    }

    /// Rolls back what is open, unless nothing is.
    const fn rollback(self) -> &'static str {
        match self {
            Self::MySql => {
                "SAVEPOINT commit_on_success; RELEASE SAVEPOINT commit_on_success; ROLLBACK"
            }
            Self::Postgres => postgresql::ROLLBACK_PROBE,
            Self::Sqlite => "ROLLBACK; BEGIN; SAVEPOINT _sqlx_savepoint_1",
        }
    }

    /// Commits.
    pub(super) async fn end(self, transaction: &DatabaseTransaction) -> Result<(), CommitError> {
        let Err(error) = execute(transaction, self.commit()).await else {
            return Ok(());
        };
        let Some(code) = Code::of(&error) else {
            return Err(CommitError::Unknown(error.into()));
        };
        Err(match self {
            Self::MySql => mysql_refusal(transaction, &code, error).await,
            Self::Postgres => postgres_refusal(transaction, &code, error).await,
            Self::Sqlite => sqlite_refusal(transaction, &code, error).await,
        })
    }

    /// Rolls back, and finds out whether there was anything to roll back.
    pub(super) async fn roll_back(
        self,
        transaction: &DatabaseTransaction,
    ) -> Result<(), RollbackError> {
        let Err(error) = execute(transaction, self.rollback()).await else {
            return Ok(());
        };
        let ended = match (self, Code::of(&error)) {
            (_, None) => false,
            (Self::MySql, Some(code)) => code.is(MYSQL_NO_SAVEPOINT),
            (Self::Postgres, Some(code)) => is_ended_on_postgres(&code),
            (Self::Sqlite, Some(_)) => begins_on_sqlite(transaction).await,
        };
        Err(if ended {
            RollbackError::Ended
        } else if is_disconnected(transaction, &error).await {
            RollbackError::Disconnected(error.into())
        } else {
            RollbackError::Failed(error.into())
        })
    }
}

/// Nothing but `COMMIT` can have failed in a way that is not known here.
async fn mysql_refusal(
    transaction: &DatabaseTransaction,
    code: &Code,
    error: DbErr,
) -> CommitError {
    if code.is(MYSQL_NO_SAVEPOINT) {
        return CommitError::Ended;
    }
    let is_refused = match mysql_number(&error) {
        Some(number) => mysql::is_refusal(number),
        None => !code.is(MYSQL_KILLED) && !code.text().starts_with("08"),
    };
    if !is_refused {
        return CommitError::Unknown(error.into());
    }
    match execute(transaction, "ROLLBACK").await {
        Ok(()) => CommitError::RolledBack(error.into()),
        Err(then) if is_broken(&then) => CommitError::Unknown(error.into()),
        Err(_) => CommitError::Refused(error.into()),
    }
}

/// Whoever says farewell, a pooler that has lost its server for one, does not know what became of a `COMMIT`.
async fn postgres_refusal(
    transaction: &DatabaseTransaction,
    code: &Code,
    error: DbErr,
) -> CommitError {
    if postgresql::is_idle_timeout(code.text()) {
        return CommitError::RolledBack(error.into());
    }
    if is_disconnected(transaction, &error).await {
        return CommitError::Unknown(error.into());
    }
    match postgresql::failure(Some(code.text()), error) {
        // The server has rolled back.
        CommitError::Refused(error) => CommitError::RolledBack(error),
        failure => failure,
    }
}

async fn sqlite_refusal(
    transaction: &DatabaseTransaction,
    code: &Code,
    error: DbErr,
) -> CommitError {
    if !begins_on_sqlite(transaction).await {
        return CommitError::Refused(error.into());
    }
    match code.primary() {
        // There was nothing to commit.
        Some(sqlite::ERROR) => CommitError::Ended,
        // `BEGIN` may be the statement that has failed.
        Some(code) if OF_ANY_STATEMENT.contains(&code) => CommitError::Unknown(error.into()),
        _ => CommitError::RolledBack(error.into()),
    }
}

/// Whether SQLite was outside of a transaction; then it is in an empty one, which sqlx can end.
async fn begins_on_sqlite(transaction: &DatabaseTransaction) -> bool {
    execute(transaction, "BEGIN").await.is_ok()
}

fn is_ended_on_postgres(code: &Code) -> bool {
    matches!(
        postgresql::failure(Some(code.text()), ""),
        CommitError::Ended
    )
}
