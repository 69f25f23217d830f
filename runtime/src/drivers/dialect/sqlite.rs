//! SQLite, told by result code (<https://www.sqlite.org/rescode.html>).

use crate::options::{Isolation, Mode, Options, Unsupported};

pub(crate) const DATABASE: &str = "SQLite";

/// `SQLITE_ERROR`, also of a `COMMIT` or a `ROLLBACK` outside of a transaction.
pub(crate) const ERROR: u32 = 1;
/// `SQLITE_BUSY` and `SQLITE_LOCKED`.
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
/// After these SQLite may have rolled back: `SQLITE_BUSY`, `SQLITE_NOMEM`, `SQLITE_INTERRUPT`, `SQLITE_IOERR`,
/// `SQLITE_FULL` (<https://www.sqlite.org/lang_transaction.html>, section 3.1), and, with `ON CONFLICT ROLLBACK`,
/// `SQLITE_CONSTRAINT`.
const ROLLED_BACK: [u32; 6] = [BUSY, 7, 9, 10, 13, 19];

/// The primary result code, which is the low byte of an extended one.
pub(crate) fn primary(extended: u32) -> u32 {
    extended & 0xff
}

/// Whether running the whole transaction again may succeed.
pub(crate) fn is_transient(primary: u32) -> bool {
    [BUSY, LOCKED].contains(&primary)
}

/// Whether SQLite may have rolled the transaction back with this error.
pub(crate) fn may_have_rolled_back(primary: u32) -> bool {
    ROLLED_BACK.contains(&primary)
}

/// Whether foreign keys are enforced on this connection: one row, one number.
pub(crate) const FOREIGN_KEYS: &str = "PRAGMA foreign_keys";
/// A row for each violation: the table, the row, the table that it refers to, and the number of the key. The whole
/// database is searched, also for what was violated before foreign keys were enforced.
pub(crate) const FOREIGN_KEY_CHECK: &str = "PRAGMA foreign_key_check";

/// A deferred foreign key that `COMMIT` would refuse.
#[derive(Debug, thiserror::Error)]
#[error(
    "a row of `{table}` refers to a row of `{parent}` that is not there, so `COMMIT` would fail"
)]
pub(crate) struct ForeignKeyViolated {
    pub(crate) table: String,
    pub(crate) parent: String,
}

/// The statement that begins a transaction.
///
/// SQLite's transactions are serializable, whatever is asked for
/// (<https://www.sqlite.org/isolation.html>), and a connection is read-only or it is not.
pub(crate) fn begin(options: &Options) -> Result<&'static str, Unsupported> {
    match options.isolation {
        None | Some(Isolation::Serializable) => {}
        Some(_) => return Err(Unsupported::new(DATABASE, "isolation")),
    }
    if options.read_only {
        return Err(Unsupported::new(DATABASE, "read_only"));
    }
    if options.deferrable {
        return Err(Unsupported::new(DATABASE, "deferrable"));
    }
    if options.settle {
        return Err(Unsupported::new(DATABASE, "settle"));
    }
    Ok(match options.mode {
        None => "BEGIN",
        Some(Mode::Deferred) => "BEGIN DEFERRED",
        Some(Mode::Immediate) => "BEGIN IMMEDIATE",
        Some(Mode::Exclusive) => "BEGIN EXCLUSIVE",
    })
}
