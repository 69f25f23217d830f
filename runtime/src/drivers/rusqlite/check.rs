//! A look at what only `COMMIT` looks at otherwise.

use ::rusqlite::ffi::{self, Error as SqliteError};
use ::rusqlite::{Connection, Error as RusqliteError, OptionalExtension as _};

/// Says what a `COMMIT` would of foreign keys that are violated, with the same code, and beginning with the same words.
pub(super) fn foreign_keys(connection: &Connection) -> Result<(), RusqliteError> {
    let enforced = connection.query_row("PRAGMA foreign_keys", [], |row| row.get(0));
    if enforced.optional()? != Some(true) {
        return Ok(());
    }
    let mut violations = connection.prepare("PRAGMA foreign_key_check")?;
    let violation = violations.query_row([], |row| {
        let (child, parent): (String, String) = (row.get("table")?, row.get("parent")?);
        Ok(format!(
            "FOREIGN KEY constraint failed: a row of {child} refers to one that {parent} does not have"
        ))
    });
    match violation.optional()? {
        None => Ok(()),
        Some(message) => {
            let code = SqliteError::new(ffi::SQLITE_CONSTRAINT_FOREIGNKEY);
            Err(RusqliteError::SqliteFailure(code, Some(message)))
        }
    }
}
