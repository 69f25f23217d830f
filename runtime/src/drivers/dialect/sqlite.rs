//! What SQLite can be asked for, through whichever driver.

use crate::options::{Isolation, Mode, Options, Unsupported};

const DATABASE: &str = "SQLite";

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
    Ok(match options.mode {
        None => "BEGIN",
        Some(Mode::Deferred) => "BEGIN DEFERRED",
        Some(Mode::Immediate) => "BEGIN IMMEDIATE",
        Some(Mode::Exclusive) => "BEGIN EXCLUSIVE",
    })
}
