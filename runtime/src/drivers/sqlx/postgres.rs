//! PostgreSQL through sqlx.
//!
//! `COMMIT` of a transaction in which a statement has failed is answered with `ROLLBACK` and no error
//! (<https://www.postgresql.org/docs/current/sql-commit.html>), which sqlx takes for a success. So a
//! savepoint is tried first: it fails with 25P02 in such a transaction, and with 25P01 when the body
//! has ended the transaction. It costs one round trip.

use std::borrow::Cow;

use sqlx_core::Error as SqlxError;
use sqlx_core::executor::Executor;
use sqlx_core::sql_str::SqlStr;
use sqlx_core::transaction::TransactionManager;
use sqlx_postgres::{PgConnection, PgTransactionManager, Postgres};

use super::{Backend, Fate, StillNested, borrowed, depth, roll_back_all, sql};
use crate::options::{Isolation, Options, Unsupported};
use crate::transaction::{Abandoned, CommitError, RollbackError};

/// `in_failed_sql_transaction`.
const ABORTED: &str = "25P02";
/// `no_active_sql_transaction` and `invalid_savepoint_specification`.
const ENDED: [&str; 2] = ["25P01", "3B001"];
/// `statement_completion_unknown`, and the ways in which a server ends a session.
const UNKNOWN: [&str; 4] = ["40003", "57P01", "57P02", "57P03"];

const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK: &str = "40P01";

const PROBE: &str = "SAVEPOINT commit_on_success";
/// Fails outside of a transaction, and does not mind a failed one. PostgreSQL 12 and later.
const ROLLBACK_PROBE: &str = "ROLLBACK AND CHAIN";

borrowed!(Postgres, PgConnection);

fn begin(options: &Options) -> Result<Cow<'static, str>, Unsupported> {
    const DATABASE: &str = "PostgreSQL";
    if options.mode.is_some() {
        return Err(Unsupported::new(DATABASE, "mode"));
    }
    // Without the other two it has no effect.
    let serializable = options.isolation == Some(Isolation::Serializable);
    if options.deferrable && !(serializable && options.read_only) {
        let option = "deferrable` without `isolation = serializable, read_only";
        return Err(Unsupported::new(DATABASE, option));
    }
    let mut statement = Cow::Borrowed("BEGIN");
    if let Some(isolation) = options.isolation {
        statement += " ISOLATION LEVEL ";
        statement += isolation.sql();
    }
    if options.read_only {
        statement += " READ ONLY";
    }
    if options.deferrable {
        statement += " DEFERRABLE";
    }
    Ok(statement)
}

impl Backend for Postgres {
    async fn execute(connection: &mut PgConnection, sql: SqlStr) -> Result<(), SqlxError> {
        connection.execute(sql).await.map(drop)
    }

    const DRIVER: &'static str = "sqlx-postgres";

    fn begin(options: &Options) -> Result<Option<SqlStr>, Unsupported> {
        Ok(Some(sql(begin(options)?)))
    }

    fn is_transient(error: &SqlxError) -> bool {
        matches!(
            code(error).as_deref(),
            Some(SERIALIZATION_FAILURE | DEADLOCK)
        )
    }

    /// The transaction stays open, if failed, until somebody ends it.
    fn was_rolled_back_by(_: &SqlxError) -> bool {
        false
    }

    async fn commit(connection: &mut PgConnection) -> Result<(), CommitError> {
        match depth::<Self>(connection) {
            0 => return Err(CommitError::Ended),
            1 => {}
            _ => return Err(CommitError::Refused(StillNested.into())),
        }
        let probe = Self::execute(connection, SqlStr::from_static(PROBE)).await;
        if let Err(error) = probe {
            let failure = failure(error);
            if matches!(failure, CommitError::Ended) {
                // Brings the depth that sqlx counts back in step.
                let _ = roll_back_all::<Self>(connection).await;
            }
            return Err(failure);
        }
        PgTransactionManager::commit(connection)
            .await
            .map_err(commit_failure)
    }

    async fn rollback(connection: &mut PgConnection) -> Result<(), RollbackError> {
        if depth::<Self>(connection) == 0 {
            return Err(RollbackError::Ended);
        }
        let probe = Self::execute(connection, SqlStr::from_static(ROLLBACK_PROBE)).await;
        roll_back_all::<Self>(connection)
            .await
            .map_err(|error| RollbackError::Failed(error.into()))?;
        match probe.map_err(failure) {
            Err(CommitError::Ended) => Err(RollbackError::Ended),
            _ => Ok(()),
        }
    }

    async fn savepoint_failure(_: &mut PgConnection, error: SqlxError) -> CommitError {
        failure(error)
    }

    fn abandon(connection: &mut PgConnection, abandoned: Abandoned) -> Fate {
        match abandoned {
            Abandoned::Interrupted => Fate::Close,
            Abandoned::Open => {
                PgTransactionManager::start_rollback(connection);
                Fate::Keep
            }
            Abandoned::Nested => Fate::Keep,
        }
    }
}

/// The SQLSTATE, where it was the server that refused.
fn code(error: &SqlxError) -> Option<Cow<'_, str>> {
    error.as_database_error()?.code()
}

/// A statement failed before `COMMIT` was sent: if the connection broke, the server rolls back.
fn failure(error: SqlxError) -> CommitError {
    match code(&error).as_deref() {
        Some(ABORTED) => CommitError::Aborted,
        Some(code) if ENDED.contains(&code) => CommitError::Ended,
        _ => CommitError::Refused(error.into()),
    }
}

/// `COMMIT` failed: if the server said so, it has rolled back.
fn commit_failure(error: SqlxError) -> CommitError {
    match code(&error).as_deref() {
        Some(code) if !UNKNOWN.contains(&code) && !code.starts_with("08") => {
            CommitError::Refused(error.into())
        }
        _ => CommitError::Unknown(error.into()),
    }
}
