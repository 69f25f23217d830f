//! MySQL and MariaDB through sqlx.
//!
//! Data definition statements commit implicitly
//! (<https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html>), and a deadlock rolls back the whole
//! transaction (<https://dev.mysql.com/doc/refman/8.4/en/innodb-error-handling.html>); after both, the
//! statements that follow are stored one by one. A savepoint that is created together with the
//! transaction, in the same message, is gone then, which error 1305 tells when it is released just
//! before `COMMIT`. That costs one round trip.

use std::borrow::Cow;

use sqlx_core::Error as SqlxError;
use sqlx_core::error::DatabaseError;
use sqlx_core::executor::Executor;
use sqlx_core::pool::Pool;
use sqlx_core::sql_str::SqlStr;
use sqlx_core::transaction::TransactionManager;
use sqlx_mysql::{MySql, MySqlConnection, MySqlDatabaseError, MySqlTransactionManager};

use super::{
    Backend, Fate, Later, borrowed, check_depth, probe_failure, roll_back_probed, roll_back_until,
    sql,
};
use crate::error::Outcome;
use crate::options::{Options, Unsupported};
use crate::transaction::{Abandoned, CommitError, RollbackError};

/// `ER_SP_DOES_NOT_EXIST`: there is no savepoint of that name.
const ENDED: u16 = 1305;
/// `ER_SERVER_SHUTDOWN` and `ER_CONNECTION_KILLED`.
const UNKNOWN: [u16; 2] = [1053, 1927];

/// `ER_LOCK_DEADLOCK`: the whole transaction is rolled back.
const DEADLOCK: u16 = 1213;
/// `ER_LOCK_WAIT_TIMEOUT`: only the statement is.
const LOCK_WAIT_TIMEOUT: u16 = 1205;

const BEGIN: &str = "START TRANSACTION; SAVEPOINT commit_on_success";
const PROBE: &str = "RELEASE SAVEPOINT commit_on_success";
const ROLLBACK_PROBE: &str = "ROLLBACK TO SAVEPOINT commit_on_success";

borrowed!(MySql, MySqlConnection);

/// One message, so that options and savepoint cost no round trip.
fn begin(options: &Options) -> Result<Cow<'static, str>, Unsupported> {
    const DATABASE: &str = "MySQL";
    if options.deferrable {
        return Err(Unsupported::new(DATABASE, "deferrable"));
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

impl Backend for MySql {
    async fn execute(connection: &mut MySqlConnection, sql: SqlStr) -> Result<(), SqlxError> {
        connection.execute(sql).await.map(drop)
    }

    const DRIVER: &'static str = "sqlx-mysql";

    fn begin(options: &Options) -> Result<SqlStr, Unsupported> {
        Ok(sql(begin(options)?))
    }

    fn is_transient(error: &(dyn DatabaseError + 'static)) -> bool {
        matches!(number_of(error), Some(DEADLOCK | LOCK_WAIT_TIMEOUT))
    }

    fn was_rolled_back_by(error: &(dyn DatabaseError + 'static)) -> bool {
        number_of(error) == Some(DEADLOCK)
    }

    type Witness = ();

    async fn probe(connection: &mut MySqlConnection, _: Later) -> Result<(), CommitError> {
        check_depth::<Self>(connection)?;
        match Self::execute(connection, SqlStr::from_static(PROBE)).await {
            Ok(()) => Ok(()),
            Err(error) => Err(probe_failure::<Self>(connection, error).await),
        }
    }

    async fn commit(connection: &mut MySqlConnection) -> Result<(), CommitError> {
        let Err(error) = MySqlTransactionManager::commit(connection).await else {
            return Ok(());
        };
        if number(&error).is_none_or(|number| UNKNOWN.contains(&number)) {
            return Err(CommitError::Unknown(error.into()));
        }
        match roll_back_until::<Self>(0, connection).await {
            Ok(()) => Err(CommitError::RolledBack(error.into())),
            Err(_) => Err(CommitError::Refused(error.into())),
        }
    }

    async fn settle(_: &Pool<Self>, (): &()) -> Option<Outcome> {
        None
    }

    async fn rollback(connection: &mut MySqlConnection) -> Result<(), RollbackError> {
        roll_back_probed::<Self>(connection, ROLLBACK_PROBE).await
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
    number_of(error.as_database_error()?)
}

fn number_of(error: &(dyn DatabaseError + 'static)) -> Option<u16> {
    Some(error.try_downcast_ref::<MySqlDatabaseError>()?.number())
}

/// A statement failed before `COMMIT` was sent: if the connection broke, the server rolls back.
fn failure(error: SqlxError) -> CommitError {
    match number(&error) {
        Some(ENDED) => CommitError::Ended,
        _ => CommitError::Refused(error.into()),
    }
}
