//! Reading diesel's errors, and making one of ours.

use ::diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::Database;
use crate::error::{Error, find};

/// Whether running the whole transaction again may succeed.
pub(in crate::drivers) fn is_transient(error: &(dyn std::error::Error + 'static)) -> bool {
    kind_of(error) == Some(DatabaseErrorKind::SerializationFailure)
}

/// Whether the database may have rolled the transaction back with this error: MySQL does at a deadlock,
/// SQLite at a violated constraint with `ON CONFLICT ROLLBACK`.
pub(in crate::drivers) fn explains_end(
    database: Database,
    error: &(dyn std::error::Error + 'static),
) -> bool {
    let Some(kind) = kind_of(error) else {
        return false;
    };
    match database {
        Database::MySql => kind == DatabaseErrorKind::SerializationFailure,
        Database::Sqlite => matches!(
            kind,
            DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::NotNullViolation
                | DatabaseErrorKind::CheckViolation
        ),
        Database::PostgreSql | Database::Other => false,
    }
}

fn kind_of(error: &(dyn std::error::Error + 'static)) -> Option<DatabaseErrorKind> {
    match find::<DieselError>(error)? {
        DieselError::DatabaseError(kind, _) => Some(*kind),
        _ => None,
    }
}

/// diesel shows the source of what a [`DieselError::QueryBuilderError`] holds, not what it holds.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Held(#[source] Error);

/// The driver's own error where there is one and it tells the whole story; otherwise an error that
/// has the [`Error`] as its source, for [`Error::find`].
impl From<Error> for DieselError {
    fn from(error: Error) -> Self {
        error
            .into_driver_error()
            .unwrap_or_else(|error| Self::QueryBuilderError(Held(error).into()))
    }
}
