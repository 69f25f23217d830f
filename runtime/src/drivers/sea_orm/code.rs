//! The database's code for an error, which sea-orm keeps three levels deep.

use ::sea_orm::{DbErr, RuntimeErr};
use sqlx_core::Error as SqlxError;
use sqlx_core::error::DatabaseError;

use crate::drivers::dialect::{mysql, sqlite};
use crate::error::find;

/// A SQLSTATE, or a result code of SQLite.
#[derive(Debug)]
pub(super) struct Code(String);

impl Code {
    /// Of the database's error that `error` is, or was caused by.
    pub(super) fn of(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        Some(Self(said_by_database(error)?.code()?.into_owned()))
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    pub(super) fn is(&self, code: &str) -> bool {
        self.0 == code
    }

    /// The primary result code of SQLite.
    pub(super) fn primary(&self) -> Option<u32> {
        Some(sqlite::primary(self.0.parse().ok()?))
    }
}

/// MySQL's own number of an error, more exact than its SQLSTATE.
#[cfg(feature = "sqlx-mysql")]
pub(super) fn mysql_number(error: &(dyn std::error::Error + 'static)) -> Option<u16> {
    let error = said_by_database(error)?.try_downcast_ref::<sqlx_mysql::MySqlDatabaseError>()?;
    Some(error.number())
}

/// Only sqlx-mysql knows it.
#[cfg(not(feature = "sqlx-mysql"))]
pub(super) fn mysql_number(_: &(dyn std::error::Error + 'static)) -> Option<u16> {
    None
}

/// Whether the server has ended the session with its answer. `None` where that can only be told with a feature that
/// is not enabled.
pub(super) fn is_farewell(error: &(dyn std::error::Error + 'static)) -> Option<bool> {
    let number = mysql_number(error).map(mysql::is_disconnected);
    number.or_else(|| is_fatal_on_postgres(error))
}

#[cfg(feature = "sqlx-postgres")]
fn is_fatal_on_postgres(error: &(dyn std::error::Error + 'static)) -> Option<bool> {
    use sqlx_postgres::{PgDatabaseError, PgSeverity};

    let error = said_by_database(error)?.try_downcast_ref::<PgDatabaseError>()?;
    Some(error.severity() != PgSeverity::Error)
}

/// Only sqlx-postgres knows the severity of an answer.
#[cfg(not(feature = "sqlx-postgres"))]
fn is_fatal_on_postgres(_: &(dyn std::error::Error + 'static)) -> Option<bool> {
    None
}

/// Whether nothing came back, and nothing ever will.
pub(super) fn is_broken(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(
        said_by_sqlx(error),
        Some(SqlxError::Io(_) | SqlxError::WorkerCrashed)
    )
}

fn said_by_database<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e (dyn DatabaseError + 'static)> {
    said_by_sqlx(error)?.as_database_error()
}

/// An error that is transparent shows no more than the source of sea-orm's.
fn said_by_sqlx<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e SqlxError> {
    let runtime = match find::<DbErr>(error) {
        Some(DbErr::Conn(runtime) | DbErr::Exec(runtime) | DbErr::Query(runtime)) => runtime,
        Some(_) => return None,
        None => find::<RuntimeErr>(error)?,
    };
    if let RuntimeErr::SqlxError(error) = runtime {
        Some(error)
    } else {
        None
    }
}
