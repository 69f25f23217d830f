//! PostgreSQL: `COMMIT` of a transaction in which a statement has failed is answered with `ROLLBACK` and
//! no error, which diesel takes for a success. A savepoint in the same message fails then, and `COMMIT` is
//! not executed.

use super::Line;
use super::answers::{PING, is_same};
use crate::drivers::dialect::postgresql::{PROBE, ROLLBACK_PROBE};
use crate::transaction::{CommitError, RollbackError};

const COMMIT: &str = "SAVEPOINT commit_on_success; COMMIT";
const ROLLBACK: &str = "ROLLBACK AND CHAIN; ROLLBACK";

pub(super) async fn commit(line: &mut impl Line) -> Result<(), CommitError> {
    let Err(error) = line.send(COMMIT).await else {
        return Ok(());
    };
    let again = line.send(PROBE).await;
    let at_savepoint = is_same(&error, &again);
    if line.send(ROLLBACK_PROBE).await.is_ok() {
        // It was open, and still is, with nothing in it.
        return Err(if at_savepoint {
            CommitError::Aborted
        } else {
            CommitError::Refused(error.into())
        });
    }
    let alive = line.send(PING).await.is_ok();
    Err(match (alive, at_savepoint) {
        (false, _) => CommitError::Unknown(error.into()),
        (true, true) => CommitError::Ended,
        (true, false) => CommitError::RolledBack(error.into()),
    })
}

pub(super) async fn rollback(line: &mut impl Line) -> Result<(), RollbackError> {
    if line.send(ROLLBACK).await.is_ok() {
        return Ok(());
    }
    match line.send("ROLLBACK").await {
        Ok(()) => Err(RollbackError::Ended),
        Err(error) => Err(RollbackError::Failed(error.into())),
    }
}
