//! MySQL and MariaDB through sqlx.
//!
//! The savepoint that is created together with the transaction is released just before `COMMIT`, and fails where it is
//! gone. On a pool both are one message, as by hand; a rollback likewise.
//!
//! sqlx counts a transaction as open until it has ended it itself, and what it can do without waiting is to queue a
//! `ROLLBACK`. The ping with which a pool takes the connection back sends that, and nobody waits for it; nothing is open
//! then, which MySQL does not mind, but `Com_rollback` counts it. On a connection that is borrowed, or behind a guard, the next statement
//! would have to wait for it, so there the probe is a message of its own, and its answer tells also that `COMMIT` was not
//! sent.

use sqlx_core::Error as SqlxError;
use sqlx_core::error::DatabaseError;
use sqlx_core::executor::Executor;
use sqlx_core::pool::PoolConnection;
use sqlx_core::sql_str::SqlStr;
use sqlx_core::transaction::TransactionManager;
use sqlx_mysql::{MySql, MySqlConnection, MySqlDatabaseError, MySqlTransactionManager};

use super::backend::{Backend, Fate, Later};
use super::hold::Ownership;
use super::sources::connection;
use super::steps::{
    Answers, OutOfStep, Recount, check_depth, probe_failure, roll_back_probed, roll_back_until,
    send, sql,
};
use crate::drivers::dialect::mysql;
use crate::options::{Options, Unsupported};
use crate::settings::Settings;
use crate::transaction::{Abandoned, CommitError, RollbackError};

connection!(MySql, MySqlConnection);

impl Backend for MySql {
    async fn execute(connection: &mut MySqlConnection, sql: SqlStr) -> Result<(), SqlxError> {
        connection.execute(sql).await.map(drop)
    }

    const DRIVER: &'static str = "sqlx-mysql";

    const DOUBTFUL: Fate = Fate::Close;

    fn begin(options: &Options, _: Later, ownership: Ownership) -> Result<SqlStr, Unsupported> {
        let begin = mysql::begin(options)?;
        Ok(sql(match ownership {
            Ownership::Borrowed => begin,
            Ownership::Guarded | Ownership::Pooled => mysql::begin_anew(&begin),
        }))
    }

    fn around_begin(
        settings: &Settings,
        _: Ownership,
    ) -> Result<(String, &'static str), Unsupported> {
        Err(mysql::no_settings(settings))
    }

    fn is_transient(error: &(dyn DatabaseError + 'static)) -> bool {
        number_of(error).is_some_and(mysql::is_transient)
    }

    fn was_rolled_back_by(error: &(dyn DatabaseError + 'static)) -> bool {
        number_of(error).is_some_and(mysql::is_transient)
    }

    fn is_disconnected(error: &SqlxError) -> bool {
        matches!(error, SqlxError::Io(_)) || number(error).is_some_and(mysql::is_disconnected)
    }

    type TransactionId = ();

    async fn probe(connection: &mut MySqlConnection, _: Later) -> Result<(), CommitError> {
        check_depth::<Self>(connection)?;
        match Self::execute(connection, SqlStr::from_static(mysql::PROBE)).await {
            Ok(()) => Ok(()),
            Err(error) => Err(probe_failure::<Self>(connection, error).await),
        }
    }

    async fn commit(connection: &mut MySqlConnection) -> Result<(), CommitError> {
        match MySqlTransactionManager::commit(connection).await {
            Ok(()) => Ok(()),
            Err(error) => Err(commit_failure(connection, error).await),
        }
    }

    async fn commit_pooled(connection: &mut PoolConnection<Self>) -> Result<(), CommitError> {
        check_depth::<Self>(connection)?;
        let Answers { done, ended } = send::<Self>(connection, mysql::COMMIT).await;
        match ended {
            Ok(()) if done == 2 => {
                MySqlTransactionManager::start_rollback(connection);
                Ok(())
            }
            Ok(()) => Err(CommitError::Unknown(OutOfStep.into())),
            Err(error) if number(&error) == Some(mysql::ENDED) => {
                Self::forget_ended(connection).await;
                Err(CommitError::Ended)
            }
            Err(error) => Err(commit_failure(connection, error).await),
        }
    }

    async fn rollback(connection: &mut MySqlConnection) -> Result<(), RollbackError> {
        roll_back_probed::<Self>(connection, mysql::ROLLBACK_PROBE, Recount::Wait).await
    }

    async fn rollback_pooled(connection: &mut PoolConnection<Self>) -> Result<(), RollbackError> {
        roll_back_probed::<Self>(connection, mysql::ROLLBACK, Recount::Queue).await
    }

    async fn savepoint_failure(_: &mut MySqlConnection, error: SqlxError) -> CommitError {
        match number(&error) {
            Some(mysql::ENDED) => CommitError::Ended,
            _ if Self::is_disconnected(&error) => CommitError::RolledBack(error.into()),
            _ => CommitError::Refused(error.into()),
        }
    }

    /// sqlx 0.9 loses step with the server when a future is dropped in the middle of a prepare, and waits
    /// for ever when the connection goes back to its pool. Nobody can see from outside where it was, so it
    /// does not go back; the server rolls back.
    fn abandon(connection: &mut MySqlConnection, abandoned: Abandoned) -> Fate {
        match abandoned {
            Abandoned::Interrupted => Fate::Close,
            Abandoned::Open => {
                MySqlTransactionManager::start_rollback(connection);
                Fate::Close
            }
            Abandoned::Nested => Fate::Keep,
        }
    }
}

/// The meaning of an error that may be that of `COMMIT`.
async fn commit_failure(connection: &mut MySqlConnection, error: SqlxError) -> CommitError {
    if !number(&error).is_some_and(mysql::is_refusal) {
        return CommitError::Unknown(error.into());
    }
    match roll_back_until::<MySql>(0, connection).await {
        Ok(()) => CommitError::RolledBack(error.into()),
        Err(_) => CommitError::Refused(error.into()),
    }
}

fn number(error: &SqlxError) -> Option<u16> {
    number_of(error.as_database_error()?)
}

fn number_of(error: &(dyn DatabaseError + 'static)) -> Option<u16> {
    Some(error.try_downcast_ref::<MySqlDatabaseError>()?.number())
}
