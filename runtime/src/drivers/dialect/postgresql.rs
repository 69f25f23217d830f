//! PostgreSQL, told by SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
//!
//! `COMMIT` of a transaction in which a statement has failed is answered with `ROLLBACK` and no error
//! (<https://www.postgresql.org/docs/current/sql-commit.html>). A savepoint fails in such a transaction,
//! with 25P02, and outside of any, with 25P01.

use std::borrow::Cow;

use crate::error::BoxError;
use crate::options::{Isolation, Options, Unsupported};
use crate::transaction::CommitError;

pub(super) const DATABASE: &str = "PostgreSQL";
const WITHOUT_POOL: &str = "settle` without a `Pool` of sqlx or `deadpool_postgres";

/// `in_failed_sql_transaction`.
const ABORTED: &str = "25P02";
/// `no_active_sql_transaction` and `invalid_savepoint_specification`.
const ENDED: [&str; 2] = ["25P01", "3B001"];
/// `statement_completion_unknown`: `CockroachDB` says so of a `COMMIT`, with the severity of a refusal.
const COMPLETION_UNKNOWN: &str = "40003";
/// The ways in which a server ends a session.
const SESSION_ENDED: [&str; 3] = ["57P01", "57P02", "57P03"];
const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK: &str = "40P01";

/// `active_sql_transaction`.
const ALREADY_OPEN: &str = "25001";

/// `idle_in_transaction_session_timeout`: the server has ended a session while it waited for the next statement of a
/// transaction, so that no `COMMIT` was run.
const IDLE_IN_TRANSACTION: &str = "25P03";

macro_rules! rollback_probe {
    () => {
        "ROLLBACK AND CHAIN"
    };
}

/// Changes nothing, and fails where `DEFERRABLE` would: in a transaction that has had a query, and in a savepoint. The
/// grammar of `SET` takes `FROM CURRENT`, though its page does not mention it.
macro_rules! keep_deferrable {
    () => {
        "; SET LOCAL transaction_deferrable FROM CURRENT"
    };
}

const BEGIN: &str = concat!("BEGIN", keep_deferrable!());

/// Fails unless a transaction is open, and is going to be stored.
pub(crate) const PROBE: &str = savepoint!();
/// Fails outside of a transaction, and does not mind a failed one. PostgreSQL 12 and later.
pub(crate) const ROLLBACK_PROBE: &str = rollback_probe!();

/// Reaches `COMMIT` only in a transaction that is going to be stored, where both can be one message.
pub(crate) const COMMIT: &str = concat!(savepoint!(), "; COMMIT");
/// The same, and leaves another transaction open, with nothing in it. PostgreSQL 12 and later.
pub(crate) const COMMIT_AND_CHAIN: &str = concat!(savepoint!(), "; COMMIT AND CHAIN");
/// Fails where there is nothing to roll back, as [`ROLLBACK_PROBE`] does.
pub(crate) const ROLLBACK: &str = concat!(rollback_probe!(), "; ROLLBACK");
/// Ends whatever is open, and only warns where nothing is.
pub(crate) const CLEAR: &str = "ROLLBACK";
/// Checks the constraints that are deferred until `COMMIT`. They are deferred again afterwards, and what has been
/// checked will be once more.
pub(crate) const CHECK: &str = "SAVEPOINT commit_on_success_check; SET CONSTRAINTS ALL IMMEDIATE; \
    ROLLBACK TO SAVEPOINT commit_on_success_check; RELEASE SAVEPOINT commit_on_success_check";

/// The statements that begin a transaction, as one message, and that fail inside of one that somebody has begun in plain
/// SQL: `BEGIN` alone would only warn. What no option asks for stays as the session has it.
///
/// # Errors
///
/// When PostgreSQL cannot honour one of the options, or `settle`, for which a driver needs a pool.
pub(crate) fn begin(options: &Options) -> Result<Cow<'static, str>, Unsupported> {
    if options.settle {
        return Err(Unsupported::new(DATABASE, WITHOUT_POOL));
    }
    begin_settling(options)
}

/// The same, of a driver that can ask on another connection what became of the transaction.
///
/// # Errors
///
/// When PostgreSQL cannot honour one of the other options.
pub(crate) fn begin_settling(options: &Options) -> Result<Cow<'static, str>, Unsupported> {
    if options.mode.is_some() {
        return Err(Unsupported::new(DATABASE, "mode"));
    }
    // Without the other two it has no effect.
    let serializable = options.isolation == Some(Isolation::Serializable);
    if options.deferrable && !(serializable && options.read_only) {
        let option = "deferrable` without `isolation = serializable, read_only";
        return Err(Unsupported::new(DATABASE, option));
    }
    if options.isolation.is_none() && !options.read_only {
        return Ok(Cow::Borrowed(BEGIN));
    }
    let mut statement = String::from("BEGIN");
    if let Some(isolation) = options.isolation {
        statement += " ISOLATION LEVEL ";
        statement += isolation.sql();
    }
    if options.read_only {
        statement += " READ ONLY";
    }
    statement += if options.deferrable {
        " DEFERRABLE"
    } else {
        keep_deferrable!()
    };
    Ok(Cow::Owned(statement))
}

/// Whether a transaction could not be begun because one is open already.
pub(crate) fn is_already_open(code: Option<&str>) -> bool {
    code.is_some_and(|code| [ALREADY_OPEN, ABORTED].contains(&code))
}

/// Whether running the whole transaction again may succeed.
///
/// 25P02 says only that an earlier statement has failed, and not why: the first failure may have been swallowed, or
/// have come to somebody else where statements run side by side. So it may as well have been a serialization failure.
pub(crate) fn is_transient(code: &str) -> bool {
    [SERIALIZATION_FAILURE, DEADLOCK, ABORTED].contains(&code)
}

/// The meaning of a failure of a statement other than `COMMIT`. If the connection broke, the server
/// rolls back.
pub(crate) fn failure(code: Option<&str>, error: impl Into<BoxError>) -> CommitError {
    match code {
        Some(ABORTED) => CommitError::Aborted,
        Some(code) if ENDED.contains(&code) => CommitError::Ended,
        _ => CommitError::Refused(error.into()),
    }
}

/// Whether a statement was refused, where nothing but the code tells: neither the session nor the connection has ended.
pub(crate) fn is_refusal(code: &str) -> bool {
    !SESSION_ENDED.contains(&code) && !code.starts_with("08")
}

/// Whether the server itself does not know what it has done.
pub(crate) fn is_completion_unknown(code: &str) -> bool {
    code == COMPLETION_UNKNOWN
}

/// Whether the server has ended the session at a time when it had not begun to commit.
pub(crate) fn is_idle_timeout(code: &str) -> bool {
    code == IDLE_IN_TRANSACTION
}
