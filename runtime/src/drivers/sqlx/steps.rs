//! The steps of a transaction that are the same on several databases.

use std::borrow::Cow;

use sqlx_core::Error as SqlxError;
use sqlx_core::database::Database;
use sqlx_core::sql_str::{AssertSqlSafe, SqlSafeStr, SqlStr};
use sqlx_core::transaction::TransactionManager;

#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
use super::Backend;
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
        let _ = roll_back_until::<DB>(0, connection).await;
    }
    failure
}

/// Rolls back, after a statement that fails where there is nothing to roll back.
#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
pub(super) async fn roll_back_probed<DB: Backend>(
    connection: &mut DB::Connection,
    probe: &'static str,
) -> Result<(), RollbackError> {
    if depth::<DB>(connection) == 0 {
        return Err(RollbackError::Ended);
    }
    // The savepoints of sqlx go first: the probe would remove them.
    let probed = match roll_back_until::<DB>(1, connection).await {
        Ok(()) => DB::execute(connection, SqlStr::from_static(probe)).await,
        failed => failed,
    };
    let rolled_back = roll_back_until::<DB>(0, connection).await;
    match (probed, rolled_back) {
        (Ok(()), Ok(())) => Ok(()),
        (Err(error), Ok(())) => match DB::savepoint_failure(connection, error).await {
            CommitError::Ended => Err(RollbackError::Ended),
            // A server that does not know the probe has rolled back all the same.
            _ if DB::is_in_step(connection).await => Ok(()),
            _ => Err(RollbackError::Failed(OutOfStep.into())),
        },
        (Err(error), Err(_)) | (Ok(()), Err(error)) => {
            Err(DB::savepoint_failure(connection, error).await.into())
        }
    }
}

/// The answer to the probe can only belong to another statement.
#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
#[derive(Debug, thiserror::Error)]
#[error("the connection is out of step: its answers belong to other statements")]
struct OutOfStep;

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
