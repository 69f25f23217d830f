//! PostgreSQL: `COMMIT` of a transaction in which a statement has failed is answered with `ROLLBACK` and
//! no error, which diesel takes for a success. A savepoint in the same message fails then, and `COMMIT` is
//! not executed.

use super::Executor;
use super::answers::{PING, is_disconnected, is_refusal, is_same};
use crate::drivers::dialect::postgresql::{CHECK, COMMIT, PROBE, ROLLBACK, ROLLBACK_PROBE};
use crate::transaction::{CommitError, RollbackError};

pub(super) async fn commit(executor: &mut impl Executor) -> Result<(), CommitError> {
    let Err(error) = executor.send(COMMIT).await else {
        return Ok(());
    };
    let again = executor.send(PROBE).await;
    let at_savepoint = is_same(&error, &again);
    if executor.send(ROLLBACK_PROBE).await.is_ok() {
        // A transaction was open, and still is, with nothing in it.
        return Err(if at_savepoint {
            CommitError::Aborted
        } else {
            CommitError::Refused(error.into())
        });
    }
    Err(if !answers(executor).await {
        CommitError::Unknown(error.into())
    } else if at_savepoint {
        CommitError::Ended
    } else if is_refusal(&error) {
        CommitError::RolledBack(error.into())
    } else {
        CommitError::Unknown(error.into())
    })
}

/// Whether the server answers, in no failed transaction.
pub(super) async fn answers(executor: &mut impl Executor) -> bool {
    executor.send(PING).await.is_ok()
}

pub(super) async fn rollback(executor: &mut impl Executor) -> Result<(), RollbackError> {
    if executor.send(ROLLBACK).await.is_ok() {
        return Ok(());
    }
    Err(match executor.send("ROLLBACK").await {
        Ok(()) => RollbackError::Ended,
        Err(error) if is_disconnected(&error) => RollbackError::Disconnected(error.into()),
        Err(error) => RollbackError::Failed(error.into()),
    })
}

/// Leaves a transaction that has failed behind where it says no: whoever asks has a savepoint to go back to.
pub(super) async fn check(executor: &mut impl Executor) -> Result<(), CommitError> {
    let Err(error) = executor.send(CHECK).await else {
        return Ok(());
    };
    let again = executor.send(PROBE).await;
    if !is_same(&error, &again) {
        return Err(CommitError::Refused(error.into()));
    }
    Err(match executor.send(PING).await {
        Ok(()) => CommitError::Ended,
        Err(gone) if is_disconnected(&gone) => CommitError::RolledBack(error.into()),
        Err(_) => CommitError::Aborted,
    })
}
