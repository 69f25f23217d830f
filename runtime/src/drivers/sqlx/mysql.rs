//! MySQL and MariaDB through sqlx.
//!
//! Data definition statements commit implicitly
//! (<https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html>), and a deadlock rolls back the whole
//! transaction (<https://dev.mysql.com/doc/refman/8.4/en/innodb-error-handling.html>); after both, the
//! statements that follow are stored one by one. A savepoint that is created together with the
//! transaction, in the same message, is gone then, which error 1305 tells when it is released just
//! before `COMMIT`. That costs one round trip.

use sqlx_core::Error as SqlxError;
use sqlx_core::executor::Executor;
use sqlx_core::sql_str::SqlStr;
use sqlx_core::transaction::TransactionManager;
use sqlx_mysql::{MySql, MySqlConnection, MySqlDatabaseError, MySqlTransactionManager};

use super::{Backend, Fate, StillNested, borrowed, depth, roll_back_all};
use crate::transaction::{Abandoned, CommitError, Options, RollbackError};

/// `ER_SP_DOES_NOT_EXIST`: there is no savepoint of that name.
const ENDED: u16 = 1305;
/// `ER_SERVER_SHUTDOWN` and `ER_CONNECTION_KILLED`.
const UNKNOWN: [u16; 2] = [1053, 1927];

const BEGIN: &str = "START TRANSACTION; SAVEPOINT commit_on_success";
const PROBE: &str = "RELEASE SAVEPOINT commit_on_success";
const ROLLBACK_PROBE: &str = "ROLLBACK TO SAVEPOINT commit_on_success";

borrowed!(MySql, MySqlConnection);

impl Backend for MySql {
    async fn execute(connection: &mut MySqlConnection, sql: SqlStr) -> Result<(), SqlxError> {
        connection.execute(sql).await.map(drop)
    }

    fn begin(_options: &Options) -> Option<SqlStr> {
        Some(SqlStr::from_static(BEGIN))
    }

    async fn commit(connection: &mut MySqlConnection) -> Result<(), CommitError> {
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
        MySqlTransactionManager::commit(connection)
            .await
            .map_err(commit_failure)
    }

    async fn rollback(connection: &mut MySqlConnection) -> Result<(), RollbackError> {
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

    async fn savepoint_failure(_: &mut MySqlConnection, error: SqlxError) -> CommitError {
        failure(error)
    }

    fn abandon(connection: &mut MySqlConnection, abandoned: Abandoned) -> Fate {
        match abandoned {
            Abandoned::Interrupted => Fate::Close,
            Abandoned::Open => {
                MySqlTransactionManager::start_rollback(connection);
                Fate::Keep
            }
            Abandoned::Nested => Fate::Keep,
        }
    }
}

fn number(error: &SqlxError) -> Option<u16> {
    let error = error.as_database_error()?;
    Some(error.try_downcast_ref::<MySqlDatabaseError>()?.number())
}

/// A statement failed before `COMMIT` was sent: if the connection broke, the server rolls back.
fn failure(error: SqlxError) -> CommitError {
    match number(&error) {
        Some(ENDED) => CommitError::Ended,
        _ => CommitError::Refused(error.into()),
    }
}

/// `COMMIT` failed: if the server said so, the transaction can be rolled back.
fn commit_failure(error: SqlxError) -> CommitError {
    match number(&error) {
        Some(number) if !UNKNOWN.contains(&number) => CommitError::Refused(error.into()),
        _ => CommitError::Unknown(error.into()),
    }
}
