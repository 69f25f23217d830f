//! The database's own errors, in those of sqlx.

#[cfg(feature = "sqlx-postgres")]
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use sqlx_core::Error as SqlxError;
use sqlx_core::error::{DatabaseError, ErrorKind};

use crate::error::{Error, chain, find};

/// The database's error that `error` is, or was caused by. An error that is transparent shows no more
/// than the source of sqlx's.
pub(super) fn said_by_database<'e>(
    error: &'e (dyn StdError + 'static),
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

/// An error of a transaction, in the place of one of the database: of sqlx's errors this one reads best around it. It shows no
/// source, so that the message has all of them.
#[derive(Debug)]
struct Told {
    error: Error,
    message: String,
}

impl Told {
    fn of(error: Error) -> Self {
        let message = chain(&error).map(ToString::to_string).collect::<Vec<_>>();
        let message = message.join(": ");
        Self { error, message }
    }
}

/// The error that was made one of sqlx's.
pub(crate) fn told<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e Error> {
    let shown = match error.downcast_ref::<SqlxError>() {
        Some(error) => error.as_database_error()?,
        None => &**error.downcast_ref::<Box<dyn DatabaseError>>()?,
    };
    Some(&shown.try_downcast_ref::<Told>()?.error)
}

impl fmt::Display for Told {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl StdError for Told {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.error)
    }
}

impl DatabaseError for Told {
    fn message(&self) -> &str {
        &self.message
    }

    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// The driver's own error where there is one and it tells the whole story; otherwise an error that
/// carries the [`Error`], for [`Error::find`].
impl From<Error> for SqlxError {
    fn from(error: Error) -> Self {
        error
            .into_driver_error()
            .unwrap_or_else(|error| Self::Database(Box::new(Told::of(error))))
    }
}
