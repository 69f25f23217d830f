//! The commit on a connection of a pool of PostgreSQL: one message.
//!
//! The server goes through it statement by statement, and skips the rest when one fails
//! (<https://www.postgresql.org/docs/current/protocol-flow.html>, "Multiple Statements in a Simple Query"), so `COMMIT`
//! is reached only in a transaction that is going to be stored.
//!
//! sqlx counts a transaction as open until it has ended it itself, and what it can do without waiting is to queue a
//! `ROLLBACK`. The ping with which a pool takes the connection back sends that, and nobody waits for it. `AND CHAIN`
//! begins another transaction because PostgreSQL warns, in its log too, of a `ROLLBACK` outside of one. It takes
//! no snapshot and no lock, and `pg_stat_database` counts it as a rollback. It has the isolation level of the one before
//! it, and the session's own is back once it has ended.

use std::borrow::Cow;

use sqlx_core::Error as SqlxError;
use sqlx_core::pool::PoolConnection;
use sqlx_core::sql_str::SqlStr;
use sqlx_core::transaction::TransactionManager as _;
use sqlx_postgres::{PgSeverity, PgTransactionManager, Postgres};

use super::backend::Backend as _;
use super::error::code;
use super::postgres::{IN_STEP, severity};
use super::steps::{Answers, OutOfStep, send};
use crate::drivers::dialect::postgresql;
use crate::transaction::CommitError;

/// The statements of [`postgresql::COMMIT_AND_CHAIN`].
const STATEMENTS: usize = 2;
const BEGIN: &str = "BEGIN";

/// Commits, and has sqlx count no transaction.
pub(super) async fn commit(connection: &mut PoolConnection<Postgres>) -> Result<(), CommitError> {
    let Answers { done, ended } = send::<Postgres>(connection, postgresql::COMMIT_AND_CHAIN).await;
    match ended {
        Ok(()) if done == STATEMENTS => {
            PgTransactionManager::start_rollback(connection);
            Ok(())
        }
        Ok(()) => Err(CommitError::Unknown(OutOfStep.into())),
        Err(SqlxError::Protocol(_)) => one_late(connection).await,
        Err(error) => Err(failure(connection, done, error).await),
    }
}

/// The meaning of the error of the statement after those that were done.
async fn failure(
    connection: &mut PoolConnection<Postgres>,
    done: usize,
    error: SqlxError,
) -> CommitError {
    match (done, severity(&error)) {
        (0, Some(PgSeverity::Error)) => not_reached(connection, error).await,
        (1, Some(PgSeverity::Error)) => {
            // The server has rolled back, and begins nothing after an error.
            let _ = Postgres::execute(connection, SqlStr::from_static(BEGIN)).await;
            PgTransactionManager::start_rollback(connection);
            CommitError::RolledBack(error.into())
        }
        _ if code(&error).is_some_and(|code| postgresql::is_idle_timeout(&code)) => {
            connection.close_on_drop();
            CommitError::RolledBack(error.into())
        }
        // Whoever answers with anything else, a pooler that has lost its server for one, does not know.
        _ => CommitError::Unknown(error.into()),
    }
}

/// The meaning of an error of `SAVEPOINT`. One that it has for a reason of its own may be the answer to another statement.
async fn not_reached(connection: &mut PoolConnection<Postgres>, error: SqlxError) -> CommitError {
    let code = code(&error).map(Cow::into_owned);
    let failure = postgresql::failure(code.as_deref(), error);
    match failure {
        CommitError::Ended => Postgres::forget_ended(connection).await,
        CommitError::Refused(_) => connection.close_on_drop(),
        _ => {}
    }
    failure
}

/// The first answer belongs to a statement of the body, such as a `COPY` that nobody has read to its end. Then sqlx takes
/// the answers to the commit for those to the next statement, and is right about none from here on.
async fn one_late(connection: &mut PoolConnection<Postgres>) -> Result<(), CommitError> {
    connection.close_on_drop();
    let Answers { done, ended } = send::<Postgres>(connection, IN_STEP).await;
    let one_late = Postgres::is_in_step(connection).await;
    Err(match ended {
        Ok(()) if one_late && done == STATEMENTS => return Ok(()),
        Err(error) if one_late && done < 2 && severity(&error) == Some(PgSeverity::Error) => {
            CommitError::RolledBack(OutOfStep.into())
        }
        _ => CommitError::Unknown(OutOfStep.into()),
    })
}
