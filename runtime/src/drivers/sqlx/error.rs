//! The database's own errors, in those of sqlx.

#[cfg(feature = "sqlx-postgres")]
use std::borrow::Cow;

use sqlx_core::Error as SqlxError;
use sqlx_core::error::DatabaseError;

use crate::drivers::original::original;
use crate::error::{Error, find};

/// The database's error that `error` is, or was caused by. An error that is transparent shows no more
/// than the source of sqlx's.
pub(super) fn said_by_database<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e (dyn DatabaseError + 'static)> {
    find::<SqlxError>(error)
        .and_then(SqlxError::as_database_error)
        .or_else(|| Some(&**find::<Box<dyn DatabaseError>>(error)?))
}

/// The SQLSTATE, where it was the server that refused.
#[cfg(feature = "sqlx-postgres")]
pub(super) fn code(error: &SqlxError) -> Option<Cow<'_, str>> {
    error.as_database_error()?.code()
}

/// The driver's own error where there is one and it tells the whole story; otherwise an error that
/// has the [`Error`] as its source, for [`Error::find`].
impl From<Error> for SqlxError {
    fn from(error: Error) -> Self {
        original(error).unwrap_or_else(|error| Self::AnyDriverError(error.into()))
    }
}
