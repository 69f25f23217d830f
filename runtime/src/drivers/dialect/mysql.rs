//! MySQL and MariaDB, told by error number.
//!
//! Data definition statements commit implicitly
//! (<https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html>), and a deadlock rolls back the whole
//! transaction (<https://dev.mysql.com/doc/refman/8.4/en/innodb-error-handling.html>); after both, the
//! statements that follow are stored one by one. A savepoint that is created together with the
//! transaction, in the same message, is gone then, which error 1305 tells when it is released just
//! before `COMMIT`.

use std::borrow::Cow;

use crate::options::{Options, Unsupported};
use crate::settings::Settings;

const DATABASE: &str = "MySQL";

/// `ER_SP_DOES_NOT_EXIST`: there is no savepoint of that name.
pub(crate) const ENDED: u16 = 1305;
/// `ER_SERVER_SHUTDOWN`, `ER_CONNECTION_KILLED` and `ER_CLIENT_INTERACTION_TIMEOUT`: the session has ended.
const DISCONNECTED: [u16; 3] = [1053, 1927, 4031];
/// `ER_LOCK_DEADLOCK`: the whole transaction is rolled back.
const DEADLOCK: u16 = 1213;
/// `ER_LOCK_WAIT_TIMEOUT`: only the statement is, unless the server has `innodb_rollback_on_timeout`.
const LOCK_WAIT_TIMEOUT: u16 = 1205;
/// `ER_CHECKREAD`: a row has changed since the transaction's snapshot was taken, on MariaDB with
/// `innodb_snapshot_isolation`. The whole transaction is rolled back.
const CHECKREAD: u16 = 1020;
const TRANSIENT: [u16; 3] = [DEADLOCK, LOCK_WAIT_TIMEOUT, CHECKREAD];
/// Refusals of a `COMMIT` that are not transient: `ER_ERROR_DURING_COMMIT`, `ER_OPTION_PREVENTS_STATEMENT`,
/// `ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION`, `ER_READ_ONLY_MODE` and `ER_TRANSACTION_ROLLBACK_DURING_COMMIT`.
const REFUSED: [u16; 5] = [1180, 1290, 1792, 1836, 3101];

macro_rules! probe {
    () => {
        concat!("RELEASE ", savepoint!())
    };
}

macro_rules! rollback_probe {
    () => {
        concat!("ROLLBACK TO ", savepoint!())
    };
}

const BEGIN: &str = "START TRANSACTION; SAVEPOINT commit_on_success";
/// Fails when the transaction has ended, whatever has been begun since.
pub(crate) const PROBE: &str = probe!();
/// Fails where [`PROBE`] does, and undoes what the probe would keep.
pub(crate) const ROLLBACK_PROBE: &str = rollback_probe!();
/// [`PROBE`] and `COMMIT`, where both can be one message.
pub(crate) const COMMIT: &str = concat!(probe!(), "; COMMIT");
/// [`ROLLBACK_PROBE`] and `ROLLBACK`, likewise.
pub(crate) const ROLLBACK: &str = concat!(rollback_probe!(), "; ROLLBACK");

/// The statements that begin a transaction: one message, so that options and savepoint cost no round
/// trip.
///
/// # Errors
///
/// When MySQL cannot honour one of the options.
pub(crate) fn begin(options: &Options) -> Result<Cow<'static, str>, Unsupported> {
    if options.deferrable {
        return Err(Unsupported::new(DATABASE, "deferrable"));
    }
    if options.settle {
        return Err(Unsupported::new(DATABASE, "settle"));
    }
    if options.mode.is_some() {
        return Err(Unsupported::new(DATABASE, "mode"));
    }
    if options.isolation.is_none() && !options.read_only {
        return Ok(Cow::Borrowed(BEGIN));
    }
    let isolation = options.isolation.map_or_else(String::new, |isolation| {
        format!("SET TRANSACTION ISOLATION LEVEL {}; ", isolation.sql())
    });
    let access = if options.read_only { " READ ONLY" } else { "" };
    Ok(Cow::Owned(format!(
        "{isolation}START TRANSACTION{access}; SAVEPOINT commit_on_success"
    )))
}

/// MySQL has no settings that end with a transaction.
pub(crate) fn no_settings(settings: &Settings) -> Unsupported {
    Unsupported::new(DATABASE, settings.option())
}

/// The statements of a begin, in the same message behind a rollback of what the last user of the connection has left
/// open: `START TRANSACTION` would commit it. Nobody hears whether anything was.
pub(crate) fn begin_anew(begin: &str) -> Cow<'static, str> {
    Cow::Owned(format!("ROLLBACK; {begin}"))
}

/// Whether running the whole transaction again may succeed. The transaction may be gone after these errors, and after no
/// others.
pub(crate) fn is_transient(number: u16) -> bool {
    TRANSIENT.contains(&number)
}

/// Whether a `COMMIT` was refused. Any other error may come from a proxy that has lost its server half-way.
pub(crate) fn is_refusal(number: u16) -> bool {
    TRANSIENT.contains(&number) || REFUSED.contains(&number)
}

/// Whether the server has ended the session with this error, so that nothing else is going to be answered.
pub(crate) fn is_disconnected(number: u16) -> bool {
    DISCONNECTED.contains(&number)
}
