//! The steps of a transaction that are the same on several databases.

use std::borrow::Cow;
#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
use std::future::poll_fn;

use sqlx_core::Error as SqlxError;
use sqlx_core::database::Database;
#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
use sqlx_core::executor::Executor;
#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
use sqlx_core::raw_sql::raw_sql;
use sqlx_core::sql_str::{AssertSqlSafe, SqlSafeStr, SqlStr};
use sqlx_core::transaction::TransactionManager;

#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
use super::backend::Backend;
use crate::transaction::CommitError;
#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
use crate::transaction::RollbackError;

pub(super) fn sql(text: Cow<'static, str>) -> SqlStr {
    match text {
        Cow::Borrowed(text) => SqlStr::from_static(text),
        // The text is made of a literal and a number.
        Cow::Owned(text) => AssertSqlSafe(text).into_sql_str(),
    }
}

pub(super) fn depth<DB: Database>(connection: &DB::Connection) -> usize {
    DB::TransactionManager::get_transaction_depth(connection)
}

/// Rolls back until the depth is what is said: more than one step where the body has leaked a
/// transaction of sqlx.
pub(super) async fn roll_back_until<DB: Database>(
    end: usize,
    connection: &mut DB::Connection,
) -> Result<(), SqlxError> {
    while depth::<DB>(connection) > end {
        DB::TransactionManager::rollback(connection).await?;
    }
    Ok(())
}

/// Has sqlx count nothing as open on a connection whose session is over, so that the next block finds none to be
/// inside of. A rollback that is queued is counted at once.
pub(super) fn count_out<DB: Database>(connection: &mut DB::Connection) {
    for _ in 0..depth::<DB>(connection) {
        DB::TransactionManager::start_rollback(connection);
    }
}

/// The meaning of a failed probe before a commit. Where the transaction has ended, the depth that sqlx counts is
/// brought back in step.
#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
pub(super) async fn probe_failure<DB: Backend>(
    connection: &mut DB::Connection,
    error: SqlxError,
) -> CommitError {
    let failure = DB::savepoint_failure(connection, error).await;
    if matches!(failure, CommitError::Ended) {
        DB::forget_ended(connection).await;
    }
    failure
}

/// The answers to a message of several statements.
#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
pub(super) struct Answers {
    /// The number of statements that were done.
    pub(super) done: usize,
    /// The end of the message, or the error of the next statement.
    pub(super) ended: Result<(), SqlxError>,
}

/// Sends statements of which none returns rows in one message.
#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
pub(super) async fn send<DB: Database>(
    connection: &mut DB::Connection,
    message: &'static str,
) -> Answers
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    let mut answers = connection.fetch_many(raw_sql(message));
    let mut done = 0;
    let ended = loop {
        match poll_fn(|context| answers.as_mut().poll_next(context)).await {
            Some(Ok(answer)) if answer.is_left() => done += 1,
            Some(Ok(_)) => break Err(SqlxError::Protocol(OutOfStep.to_string())),
            Some(Err(error)) => break Err(error),
            None => break Ok(()),
        }
    };
    Answers { done, ended }
}

/// The way in which sqlx is made to count a transaction as rolled back that is so already, or is about to be.
#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
#[derive(Clone, Copy, Debug)]
pub(super) enum Recount {
    /// By a `ROLLBACK` that is sent, and waited for.
    Wait,
    /// By a `ROLLBACK` that is queued ahead of the next statement.
    Queue,
}

/// Rolls back, beginning with a statement that fails where there is nothing to roll back.
#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
pub(super) async fn roll_back_probed<DB: Backend>(
    connection: &mut DB::Connection,
    probe: &'static str,
    recount: Recount,
) -> Result<(), RollbackError> {
    if depth::<DB>(connection) == 0 {
        return Err(RollbackError::Ended);
    }
    // The savepoints of sqlx go first: the probe would remove them.
    let probed = match roll_back_until::<DB>(1, connection).await {
        Ok(()) => DB::execute(connection, SqlStr::from_static(probe)).await,
        failed => failed,
    };
    let Err(error) = probed else {
        if let Recount::Queue = recount {
            DB::TransactionManager::start_rollback(connection);
            return Ok(());
        }
        return match roll_back_until::<DB>(0, connection).await {
            Ok(()) => Ok(()),
            Err(error) => Err(DB::savepoint_failure(connection, error).await.into()),
        };
    };
    let failure = DB::savepoint_failure(connection, error).await;
    if let CommitError::Ended = failure {
        DB::forget_ended(connection).await;
        return Err(RollbackError::Ended);
    }
    match roll_back_until::<DB>(0, connection).await {
        // A server that does not know the probe has rolled back all the same.
        Ok(()) if DB::is_in_step(connection).await => Ok(()),
        Ok(()) => Err(RollbackError::Failed(OutOfStep.into())),
        Err(_) => Err(failure.into()),
    }
}

/// An answer can only belong to another statement.
#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
#[derive(Debug, thiserror::Error)]
#[error("the connection is out of step: its answers belong to other statements")]
pub(super) struct OutOfStep;

/// Whether the depth that sqlx counts is that of a transaction without savepoints of sqlx in it.
pub(super) fn check_depth<DB: Database>(connection: &DB::Connection) -> Result<(), CommitError> {
    match depth::<DB>(connection) {
        0 => Err(CommitError::Ended),
        1 => Ok(()),
        _ => Err(CommitError::Refused(StillNested.into())),
    }
}

/// The body has begun a transaction of sqlx inside this one and forgotten it, so that a commit
/// would only release a savepoint.
#[derive(Debug, thiserror::Error)]
#[error("a transaction begun with sqlx inside this one is still open")]
pub(super) struct StillNested;
