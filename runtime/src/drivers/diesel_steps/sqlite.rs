//! SQLite ends a transaction by itself on `ON CONFLICT ROLLBACK`, a full disk, and other errors
//! (<https://www.sqlite.org/lang_transaction.html>, section 3), and diesel goes on counting it as open.

use ::diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};

use super::answers::is_same;
use super::{CachedStatement, Executor};
use crate::transaction::{CommitError, RollbackError};

/// Begins with the statement of an outermost block.
pub(super) async fn begin(executor: &mut impl Executor, sql: &str) -> QueryResult<()> {
    if sql == CachedStatement::Begin.sql() {
        executor.send_cached(CachedStatement::Begin).await
    } else {
        executor.send(sql).await
    }
}

/// Whether no transaction is open. diesel does not show `sqlite3_get_autocommit`, so a `BEGIN` is tried,
/// which fails inside of one and ends the message.
pub(super) async fn has_ended(executor: &mut impl Executor) -> bool {
    executor.send("BEGIN; ROLLBACK").await.is_ok()
}

/// Rolls back whatever is open, and says whether nothing is.
#[cfg(feature = "diesel-async")]
pub(in crate::drivers) async fn clear(executor: &mut impl Executor) -> bool {
    // A rollback fails where there is nothing to roll back.
    let _ = executor.send("ROLLBACK").await;
    has_ended(executor).await
}

pub(super) async fn commit(executor: &mut impl Executor) -> Result<(), CommitError> {
    let Err(error) = executor.send_cached(CachedStatement::Commit).await else {
        return Ok(());
    };
    // A busy file and a violated deferred constraint leave the transaction open, a failing disk does
    // not.
    if !has_ended(executor).await {
        return Err(CommitError::Refused(error.into()));
    }
    let again = executor.send_cached(CachedStatement::Commit).await;
    Err(if is_same(&error, &again) {
        // There was nothing to commit.
        CommitError::Ended
    } else {
        CommitError::RolledBack(error.into())
    })
}

pub(super) async fn rollback(executor: &mut impl Executor) -> Result<(), RollbackError> {
    let Err(error) = executor.send("ROLLBACK").await else {
        return Ok(());
    };
    Err(if has_ended(executor).await {
        RollbackError::Ended
    } else {
        RollbackError::Failed(error.into())
    })
}

/// A row for each violated foreign key, where they are enforced. A connection of diesel's that can be any shows no
/// rows, so `abs` is made to fail on the first of them: there is no positive number that large.
macro_rules! of_violations {
    ($column:literal) => {
        concat!(
            "SELECT ",
            $column,
            " FROM pragma_foreign_keys, pragma_foreign_key_check WHERE foreign_keys = 1"
        )
    };
}
const FAIL_ON_VIOLATION: &str = of_violations!("abs(-9223372036854775807 - foreign_keys)");
const LIST_VIOLATIONS: &str = of_violations!("1");

pub(super) async fn check(executor: &mut impl Executor) -> Result<(), CommitError> {
    let Err(error) = executor.send(FAIL_ON_VIOLATION).await else {
        return Ok(());
    };
    let listed = executor.send(LIST_VIOLATIONS).await;
    let error = if listed.is_ok() { violated() } else { error };
    Err(CommitError::Refused(error.into()))
}

/// The error of a `COMMIT` through diesel, word for word.
fn violated() -> DieselError {
    let message = String::from("FOREIGN KEY constraint failed");
    DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, Box::new(message))
}
