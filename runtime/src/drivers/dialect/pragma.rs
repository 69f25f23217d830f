//! Pragmas for the time of one transaction of SQLite.
//!
//! Inside of a transaction SQLite ignores those that matter most, without a word (<https://www.sqlite.org/pragma.html#pragma_foreign_keys>). So they
//! are changed before `BEGIN`, and get their old values back after the end.

use crate::options::Unsupported;
use crate::settings::{Setting, Settings};

const DATABASE: &str = "SQLite";

/// A name that SQLite does not know, or behind which is no value: it would be ignored.
#[derive(Debug, thiserror::Error)]
#[error("SQLite has no pragma `{0}` of which the value can be read, to be put back")]
pub(crate) struct NoValue(pub(crate) &'static str);

/// Refuses settings that are none of SQLite.
///
/// # Errors
///
/// Where there is a `set`.
pub(crate) fn only(settings: &Settings) -> Result<(), Unsupported> {
    if settings.variables().is_empty() {
        Ok(())
    } else {
        Err(Unsupported::new(DATABASE, "set"))
    }
}

/// One row with the value, where there is one.
pub(crate) fn read(name: &str) -> String {
    format!("PRAGMA {name}")
}

/// A value in quotes is understood as it is without.
pub(crate) fn write(setting: &Setting) -> String {
    format!(
        "PRAGMA {} = '{}'",
        setting.name(),
        setting.value().replace('\'', "''")
    )
}

/// The statements that give all that was changed its old value.
pub(crate) fn put_back(settings: &Settings) -> String {
    let statements: Vec<_> = settings.changed().iter().rev().map(write).collect();
    statements.join("; ")
}
