//! Through diesel's own manager, where the database is none of those that are known.

use std::num::NonZeroU32;

use super::answers::is_same;
use super::{Executor, Managed, depth};
use crate::transaction::{CommitError, RollbackError};

/// A manager over PostgreSQL may know that nothing is going to be stored.
pub(super) async fn commit(executor: &mut impl Executor) -> Result<(), CommitError> {
    if depth::is_aborted(executor.status()) {
        return Err(CommitError::Aborted);
    }
    let Err(error) = executor.manage(Managed::Commit).await else {
        return Ok(());
    };
    match executor.status().transaction_depth() {
        Ok(None) => {}
        Ok(Some(_)) => return Err(CommitError::Refused(error.into())),
        Err(_) => return Err(CommitError::Unknown(error.into())),
    }
    // Nothing is open. SQLite says the same again if nothing was open before, either.
    let nothing_to_commit = is_same(&error, &executor.send("COMMIT").await);
    Err(if nothing_to_commit {
        CommitError::Ended
    } else {
        CommitError::RolledBack(error.into())
    })
}

/// Out of what the body has left open, too.
pub(super) async fn rollback(
    executor: &mut impl Executor,
    depth: NonZeroU32,
) -> Result<(), RollbackError> {
    for _ in 0..depth.get() {
        executor
            .manage(Managed::RollBack)
            .await
            .map_err(|error| RollbackError::Failed(error.into()))?;
    }
    Ok(())
}
