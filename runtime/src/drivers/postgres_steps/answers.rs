//! The answers of PostgreSQL, as the error of `tokio-postgres` and the sync `postgres` has them.

use std::io;

use ::tokio_postgres::Error as PostgresError;
use ::tokio_postgres::error::{DbError, Severity, SqlState};

use crate::drivers::dialect::postgresql;
use crate::error::find;
use crate::transaction::CommitError;

/// A transaction that this block has not begun is open on its connection.
#[derive(Debug, thiserror::Error)]
#[error("a transaction is open already")]
pub(super) struct AlreadyOpen(#[source] pub(super) PostgresError);

/// Whether `BEGIN` was refused because the connection is in a transaction already.
pub(super) fn is_already_open(error: &PostgresError) -> bool {
    is_refusal(error) && postgresql::is_already_open(code(error))
}

/// Whether it was the server that refused a statement, and the connection works.
pub(super) fn is_refusal(error: &PostgresError) -> bool {
    let said = error.as_db_error();
    said.is_some_and(|said| !is_fatal(said)) && postgresql::is_refusal(code(error))
}

/// Whether the connection is gone, as far as the driver knows.
fn is_lost(error: &PostgresError) -> bool {
    error.is_closed()
        || error.as_db_error().is_some_and(is_fatal)
        || std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<io::Error>)
}

/// Whether this is the last that the server says in the session. Servers older than 9.6 do not say so in English.
fn is_fatal(said: &DbError) -> bool {
    matches!(
        said.parsed_severity(),
        Some(Severity::Fatal | Severity::Panic)
    )
}

/// Whether running the whole transaction again may succeed. An error that is transparent shows no more
/// than the source of the driver's.
pub(in crate::drivers) fn is_transient(error: &(dyn std::error::Error + 'static)) -> bool {
    if find::<AlreadyOpen>(error).is_some() {
        return false;
    }
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

/// The meaning of a failure of [`postgresql::COMMIT`].
pub(super) fn commit_failure(error: PostgresError, sent: Sent) -> CommitError {
    if is_refusal(&error) {
        // `COMMIT` ends a transaction that it does not store.
        return match refusal(error) {
            CommitError::Refused(error) => CommitError::RolledBack(error),
            failure => failure,
        };
    }
    // A server that has lost its client rolls back.
    if sent == Sent::No || code(&error).is_some_and(postgresql::is_idle_timeout) {
        CommitError::RolledBack(error.into())
    } else {
        CommitError::Unknown(error.into())
    }
}

/// Whether it may have been the savepoint of [`postgresql::COMMIT`] that was refused, for a reason of its own, so
/// that the transaction is still open: not with a violated constraint (class 23) or a serialization failure
/// (class 40), which only `COMMIT` itself can find.
pub(super) fn may_be_open(error: &PostgresError) -> bool {
    let class = code(error).and_then(|code| code.get(..2));
    is_refusal(error) && !matches!(class, Some("23" | "25" | "40"))
}

/// The meaning of a failure of any other statement: where the connection is gone, so is the transaction.
pub(super) fn failure(error: PostgresError) -> CommitError {
    if is_lost(&error) {
        CommitError::RolledBack(error.into())
    } else {
        refusal(error)
    }
}

fn refusal(error: PostgresError) -> CommitError {
    let code = error.code().cloned();
    postgresql::failure(code.as_ref().map(SqlState::code), error)
}

/// The SQLSTATE, where it was the server that answered.
fn code(error: &PostgresError) -> Option<&str> {
    error.code().map(SqlState::code)
}
