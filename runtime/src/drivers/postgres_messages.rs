//! What `tokio-postgres` and the sync `postgres` share: what is sent, each step as one message of the
//! simple query protocol, and what the answers mean.
//!
//! The server goes through such a message statement by statement, and skips the rest when one fails
//! (<https://www.postgresql.org/docs/current/protocol-flow.html>, "Multiple Statements in a Simple Query").
//! So a probe costs no round trip.

use ::tokio_postgres::Error as PostgresError;
use ::tokio_postgres::error::{DbError, SqlState};

use super::dialect::postgresql;
use super::original::find;
use crate::transaction::{CommitError, RollbackError, Savepoint};

/// Reaches `COMMIT` only in a transaction that is going to be stored.
pub(super) const COMMIT: &str = "SAVEPOINT commit_on_success; COMMIT";
/// Fails where there is nothing to roll back. PostgreSQL 12 and later.
pub(super) const ROLLBACK: &str = "ROLLBACK AND CHAIN; ROLLBACK";

const _: () = assert!(begins_with(COMMIT, postgresql::PROBE));
const _: () = assert!(begins_with(ROLLBACK, postgresql::ROLLBACK_PROBE));

const fn begins_with(text: &str, start: &str) -> bool {
    let (text, start) = (text.as_bytes(), start.as_bytes());
    let mut index = 0;
    while index < start.len() && text[index] == start[index] {
        index += 1;
    }
    index == start.len()
}

/// Where it does not matter whether there is anything to roll back.
pub(super) const CLEAR: &str = "ROLLBACK";

/// Undoes what was done since a savepoint, and releases it.
pub(super) fn rollback_to(savepoint: Savepoint) -> String {
    format!("{}; {}", savepoint.rollback_to(), savepoint.release())
}

/// Whether `BEGIN` was refused because the connection is in a transaction already.
pub(super) fn is_already_open(error: &PostgresError) -> bool {
    postgresql::is_already_open(code(error))
}

/// Whether it was the server that refused a statement, and the connection works.
pub(super) fn is_refusal(error: &PostgresError) -> bool {
    postgresql::is_refusal(code(error))
}

/// Whether running the whole transaction again may succeed. An error that is transparent shows no more
/// than the source of the driver's.
pub(super) fn is_transient(error: &(dyn std::error::Error + 'static)) -> bool {
    let code = find::<PostgresError>(error)
        .and_then(PostgresError::code)
        .or_else(|| find::<DbError>(error).map(DbError::code));
    code.is_some_and(|code| postgresql::is_transient(code.code()))
}

/// Whether a message can have left the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Perhaps,
    /// The connection was known to be closed.
    No,
}

/// What it means that [`COMMIT`] failed.
pub(super) fn commit_failure(error: PostgresError, sent: Sent) -> CommitError {
    let refused = is_refusal(&error);
    match failure(error) {
        // `COMMIT` ends a transaction that it does not store, and so does a server that has lost its client.
        CommitError::Refused(error) if refused || sent == Sent::No => {
            CommitError::RolledBack(error)
        }
        CommitError::Refused(error) => CommitError::Unknown(error),
        failure => failure,
    }
}

/// Whether it may have been the savepoint of [`COMMIT`] that was refused, for a reason of its own, so that
/// the transaction is still open: not with a violated constraint (class 23) or a serialization failure
/// (class 40), which only `COMMIT` itself can find.
pub(super) fn may_be_open(error: &PostgresError) -> bool {
    let class = code(error).and_then(|code| code.get(..2));
    is_refusal(error) && !matches!(class, Some("23" | "25" | "40"))
}

/// What it means that a statement other than `COMMIT` failed.
pub(super) fn failure(error: PostgresError) -> CommitError {
    let code = error.code().cloned();
    postgresql::failure(code.as_ref().map(SqlState::code), error)
}

/// What it means that a rollback failed.
pub(super) fn rollback_failure(error: PostgresError) -> RollbackError {
    match failure(error) {
        CommitError::Ended => RollbackError::Ended,
        CommitError::Refused(error)
        | CommitError::RolledBack(error)
        | CommitError::Unknown(error) => RollbackError::Failed(error),
        CommitError::Aborted => RollbackError::Failed("the transaction is aborted".into()),
    }
}

/// The SQLSTATE, where it was the server that refused.
fn code(error: &PostgresError) -> Option<&str> {
    error.code().map(SqlState::code)
}
