//! SQLite ends a transaction by itself on `ON CONFLICT ROLLBACK`, a full disk, and other errors
//! (<https://www.sqlite.org/lang_transaction.html>, section 3), and diesel goes on counting it as open.

use ::diesel::result::QueryResult;

use super::answers::is_same;
use super::{Line, Usual};
use crate::transaction::{CommitError, RollbackError};

/// Begins with the statement of an outermost block.
pub(super) async fn begin(line: &mut impl Line, sql: &str) -> QueryResult<()> {
    if sql == Usual::Begin.sql() {
        line.send_usual(Usual::Begin).await
    } else {
        line.send(sql).await
    }
}

/// Whether no transaction is open. diesel does not show `sqlite3_get_autocommit`, so a `BEGIN` is tried,
/// which fails inside of one and ends the message.
pub(super) async fn has_ended(line: &mut impl Line) -> bool {
    line.send("BEGIN; ROLLBACK").await.is_ok()
}

/// Rolls back whatever is open, and says whether nothing is.
#[cfg(feature = "diesel-async")]
pub(in crate::drivers) async fn clear(line: &mut impl Line) -> bool {
    // Fails where there is nothing to roll back.
    let _ = line.send("ROLLBACK").await;
    has_ended(line).await
}

pub(super) async fn commit(line: &mut impl Line) -> Result<(), CommitError> {
    let Err(error) = line.send_usual(Usual::Commit).await else {
        return Ok(());
    };
    // A busy file and a violated deferred constraint leave the transaction open, a failing disk does
    // not.
    if !has_ended(line).await {
        return Err(CommitError::Refused(error.into()));
    }
    let nothing_to_commit = is_same(&error, &line.send_usual(Usual::Commit).await);
    Err(if nothing_to_commit {
        CommitError::Ended
    } else {
        CommitError::RolledBack(error.into())
    })
}

pub(super) async fn rollback(line: &mut impl Line) -> Result<(), RollbackError> {
    let Err(error) = line.send("ROLLBACK").await else {
        return Ok(());
    };
    Err(if has_ended(line).await {
        RollbackError::Ended
    } else {
        RollbackError::Failed(error.into())
    })
}
