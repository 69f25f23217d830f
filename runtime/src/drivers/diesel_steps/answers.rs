//! Questions that are asked after something has failed.

use ::diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};

/// Answered by a server that is there, unless a transaction of PostgreSQL is open and has failed.
pub(super) const PING: &str = "SELECT 1";

/// Whether a statement that is sent again fails as before. Two of its errors have the same text, in
/// whatever language the server speaks.
pub(super) fn is_same(error: &DieselError, again: &QueryResult<()>) -> bool {
    match (error, again) {
        (
            DieselError::DatabaseError(kind, said),
            Err(DieselError::DatabaseError(kind_again, said_again)),
        ) => kind == kind_again && said.message() == said_again.message(),
        _ => false,
    }
}

/// Whether the driver says that there is no connection to a server of PostgreSQL any more: diesel asks libpq, and
/// diesel-async has no code of the server to show. Both hide it for MySQL. Given the error of a statement that such
/// a server never answers in this way.
pub(super) fn is_disconnected(error: &DieselError) -> bool {
    matches!(
        error,
        DieselError::DatabaseError(
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
            _
        )
    )
}

/// Whether PostgreSQL has refused a statement, on a session that goes on. Of other errors the driver does not say how
/// severe they are, and a pooler that has lost its server may have put one in the place of an answer.
pub(super) fn is_refusal(error: &DieselError) -> bool {
    let DieselError::DatabaseError(kind, _) = error else {
        return false;
    };
    matches!(
        kind,
        DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::SerializationFailure
            | DatabaseErrorKind::ReadOnlyTransaction
            | DatabaseErrorKind::RestrictViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::ExclusionViolation
    )
}
