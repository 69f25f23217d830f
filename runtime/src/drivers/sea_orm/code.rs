//! The database's code for an error, which sea-orm keeps three levels deep.

use ::sea_orm::{DbErr, RuntimeErr};
use sqlx_core::error::DatabaseError;

use crate::drivers::original::find;

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

    /// The low byte of an extended result code of SQLite.
    pub(super) fn primary(&self) -> Option<u32> {
        Some(self.0.parse::<u32>().ok()? & 0xff)
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

/// An error that is transparent shows no more than the source of sea-orm's.
fn said_by_database<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e (dyn DatabaseError + 'static)> {
    let runtime = match find::<DbErr>(error) {
        Some(DbErr::Conn(runtime) | DbErr::Exec(runtime) | DbErr::Query(runtime)) => runtime,
        Some(_) => return None,
        None => find::<RuntimeErr>(error)?,
    };
    if let RuntimeErr::SqlxError(error) = runtime {
        error.as_database_error()
    } else {
        None
    }
}
