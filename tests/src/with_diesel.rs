//! What tests with diesel share: an error, rows, a database in a file.

use commit_on_success::{Error, ErrorKind};
use diesel::QueryableByName;
use diesel::sql_types::BigInt;

/// An error of a body.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The body says so.
    #[error("the body says so")]
    Body,
    /// A statement has failed.
    #[error(transparent)]
    Diesel(#[from] diesel::result::Error),
    /// The transaction has.
    #[error(transparent)]
    Transaction(#[from] Error),
}

impl Failure {
    /// The kind of the error of this crate that it is, or has as its source.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Transaction(error) => error.kind(),
            other => Error::find(other)
                .unwrap_or_else(|| panic!("{other} is no error of the crate"))
                .kind(),
        }
    }
}

/// A row of a table with one column.
#[derive(Debug, QueryableByName)]
pub struct Id {
    /// The column.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
}

/// The path of a SQLite database of its own.
///
/// # Panics
///
/// Without a directory for it.
#[must_use]
pub fn sqlite_file() -> String {
    let directory = match tempfile::tempdir() {
        Ok(directory) => directory.keep(),
        Err(error) => panic!("{error}"),
    };
    directory.join("database").display().to_string()
}
