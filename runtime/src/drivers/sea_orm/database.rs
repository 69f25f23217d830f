//! What sea-orm's transactions are told in plain SQL, and what it means that they refuse.
//!
//! sea-orm's own `commit` and `rollback` end the innermost transaction that sqlx counts, which need not be
//! the one that they are called on, and ask nobody whether it was still there. So each end is one message
//! in SQL: what fails unless the transaction is there, and then the end itself. On PostgreSQL and SQLite
//! another transaction is begun in its place, an empty one, for sqlx to end: it has not noticed.

use ::sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr};

use super::code::{Code, mysql_number};
use crate::drivers::dialect::{mysql, postgresql, sqlite};
use crate::options::{Options, Unsupported};
use crate::transaction::{CommitError, RollbackError};

/// A database that sea-orm speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Database {
    MySql,
    Postgres,
    Sqlite,
}

/// Runs statements without arguments: one message, which stops at the first that fails.
pub(super) async fn execute(transaction: &DatabaseTransaction, sql: &str) -> Result<(), DbErr> {
    transaction.execute_unprepared(sql).await.map(drop)
}

impl Database {
    pub(super) fn of(backend: DatabaseBackend) -> Option<Self> {
        match backend {
            DatabaseBackend::MySql => Some(Self::MySql),
            DatabaseBackend::Postgres => Some(Self::Postgres),
            DatabaseBackend::Sqlite => Some(Self::Sqlite),
            _ => None,
        }
    }

    pub(super) fn driver(self) -> &'static str {
        match self {
            Self::MySql => "sea-orm-mysql",
            Self::Postgres => "sea-orm-postgres",
            Self::Sqlite => "sea-orm-sqlite",
        }
    }

    /// Whether the database can honour the options; sea-orm ignores what SQLite has not.
    pub(super) fn check(self, options: &Options) -> Result<(), Unsupported> {
        match self {
            Self::MySql => mysql::begin(options).map(drop),
            Self::Postgres => postgresql::begin(options).map(drop),
            Self::Sqlite => sqlite::begin(options).map(drop),
        }
    }

    /// Whether running the whole transaction again may succeed.
    pub(super) fn is_transient(self, error: &(dyn std::error::Error + 'static)) -> bool {
        let Some(code) = Code::of(error) else {
            return false;
        };
        match self {
            Self::MySql => match mysql_number(error) {
                Some(number) => mysql::is_transient(number),
                None => code.is(MYSQL_DEADLOCK),
            },
            Self::Postgres => postgresql::is_transient(code.text()),
            Self::Sqlite => matches!(code.primary(), Some(BUSY | LOCKED)),
        }
    }

    /// Whether the database has rolled the transaction back with this error.
    pub(super) fn was_rolled_back_by(self, error: &(dyn std::error::Error + 'static)) -> bool {
        let Some(code) = Code::of(error) else {
            return false;
        };
        match self {
            Self::MySql => code.is(MYSQL_DEADLOCK),
            // It stays open, if failed, until somebody ends it.
            Self::Postgres => false,
            Self::Sqlite => code
                .primary()
                .is_some_and(|code| ROLLED_BACK.contains(&code)),
        }
    }

    /// Whether a transaction could not be begun because somebody has left one open on its connection.
    pub(super) fn is_already_open(self, error: &DbErr) -> bool {
        let code = Code::of(error);
        match self {
            // `BEGIN` commits it.
            Self::MySql => false,
            Self::Postgres => postgresql::is_already_open(code.as_ref().map(Code::text)),
            Self::Sqlite => code.and_then(|code| code.primary()) == Some(ERROR),
        }
    }
}

/// `SQLITE_ERROR`
const ERROR: u32 = 1;
/// `SQLITE_BUSY` and `SQLITE_LOCKED`.
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
/// `SQLITE_NOMEM` and `SQLITE_INTERRUPT`, which any statement can fail with.
const OF_ANY_STATEMENT: [u32; 2] = [7, 9];
/// After these SQLite may have rolled back: `SQLITE_BUSY`, `SQLITE_NOMEM`, `SQLITE_INTERRUPT`,
/// `SQLITE_IOERR`, `SQLITE_FULL`, and, with `ON CONFLICT ROLLBACK`, `SQLITE_CONSTRAINT`.
const ROLLED_BACK: [u32; 6] = [BUSY, 7, 9, 10, 13, 19];

/// The SQLSTATE of `ER_LOCK_DEADLOCK`, and of nothing else.
const MYSQL_DEADLOCK: &str = "40001";
/// That of `ER_SP_DOES_NOT_EXIST`, and of syntax errors, which our statements do not have.
pub(super) const MYSQL_NO_SAVEPOINT: &str = "42000";
/// That of a session or a statement that was killed.
const MYSQL_KILLED: &str = "70100";

/// The ends of a transaction.
impl Database {
    /// Commits what is open, unless nothing is or the database would not store it.
    ///
    /// MySQL does nothing for a savepoint outside of a transaction, and so finds none to release.
    const fn commit(self) -> &'static str {
        match self {
            Self::MySql => {
                "SAVEPOINT commit_on_success; RELEASE SAVEPOINT commit_on_success; COMMIT"
            }
            Self::Postgres => "SAVEPOINT commit_on_success; COMMIT AND CHAIN",
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
            Self::Postgres => postgres_refusal(&code, error),
            Self::Sqlite => sqlite_refusal(transaction, &code, error).await,
        })
    }

    /// Rolls back, and finds out whether there was anything to roll back.
    pub(super) async fn undo(self, transaction: &DatabaseTransaction) -> Result<(), RollbackError> {
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
    if code.is(MYSQL_KILLED) || code.text().starts_with("08") {
        return CommitError::Unknown(error.into());
    }
    match execute(transaction, "ROLLBACK").await {
        Ok(()) => CommitError::RolledBack(error.into()),
        Err(_) => CommitError::Refused(error.into()),
    }
}

fn postgres_refusal(code: &Code, error: DbErr) -> CommitError {
    if !postgresql::is_refusal(Some(code.text())) {
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
        Some(ERROR) => CommitError::Ended,
        // It may be `BEGIN` that has failed.
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
