//! PostgreSQL through sqlx.
//!
//! `COMMIT` of a transaction in which a statement has failed is answered with `ROLLBACK` and no error
//! (<https://www.postgresql.org/docs/current/sql-commit.html>), which sqlx takes for a success. So a
//! savepoint is tried first: it fails with 25P02 in such a transaction, and with 25P01 when the body
//! has ended the transaction. On a pool it is in the same message as `COMMIT`, so that it costs nothing.
//! On a connection that is borrowed, or behind a guard, it is a message of its own, and a round trip: nobody knows when the next
//! statement comes, and until then the connection would be in a transaction.
//!
//! With the option `settle`, which takes a pool, the savepoint is a message of its own there too, and its answer brings the transaction's id.
//! When the answer to `COMMIT` is lost, another connection asks what became of it, so that the outcome is known after all.

use std::borrow::Cow;

use sqlx_core::Error as SqlxError;
use sqlx_core::error::DatabaseError;
use sqlx_core::executor::Executor;
use sqlx_core::pool::{Pool, PoolConnection};
use sqlx_core::raw_sql::raw_sql;
use sqlx_core::row::Row as _;
use sqlx_core::sql_str::SqlStr;
use sqlx_core::transaction::TransactionManager;
use sqlx_postgres::{PgConnection, PgDatabaseError, PgSeverity, PgTransactionManager, Postgres};

use super::backend::{Backend, Fate, Later};
use super::error::code;
use super::hold::Ownership;
use super::postgres_commit;
use super::sources::connection;
use super::steps::{
    Recount, check_depth, count_out, depth, probe_failure, roll_back_probed, roll_back_until, sql,
};
use super::transaction_id::{self, TransactionId};
use crate::drivers::dialect::transaction_id::settled;
use crate::drivers::dialect::{postgresql, postgresql_settings};
use crate::options::{Options, Unsupported};
use crate::settings::Settings;
use crate::transaction::{Abandoned, CommitError, RollbackError};

/// A step is a few messages at most, each of which can be answered with one error.
const MOST_ERRORS_OF_A_STEP: usize = 4;

/// A question whose answer is known.
pub(super) const IN_STEP: &str = "SELECT 'in step'";

connection!(Postgres, PgConnection);

impl Backend for Postgres {
    async fn execute(connection: &mut PgConnection, sql: SqlStr) -> Result<(), SqlxError> {
        connection.execute(sql).await.map(drop)
    }

    const DRIVER: &'static str = "sqlx-postgres";

    const DOUBTFUL: Fate = Fate::Close;

    fn begin(options: &Options, later: Later, _: Ownership) -> Result<SqlStr, Unsupported> {
        let begin = match later {
            Later::Ask => postgresql::begin_settling(options)?,
            Later::Never => postgresql::begin(options)?,
        };
        Ok(sql(begin))
    }

    /// A connection that cannot be closed stays in the transaction where the future of its begin is dropped, and whoever begins the next one has
    /// to hear of it, as there are settings in it.
    fn around_begin(
        settings: &Settings,
        ownership: Ownership,
    ) -> Result<(String, &'static str), Unsupported> {
        let before = postgresql_settings::set(settings)?;
        Ok(match ownership {
            Ownership::Pooled => (before, ""),
            Ownership::Borrowed | Ownership::Guarded => {
                (before, postgresql_settings::SEEN_BY_BEGIN)
            }
        })
    }

    fn set_in_test(settings: &Settings) -> Result<String, Unsupported> {
        postgresql_settings::set_in_test(settings)
    }

    fn unset_in_test(settings: &Settings) -> String {
        postgresql_settings::unset_in_test(settings)
    }

    async fn clear(connection: &mut PgConnection, error: &SqlxError) -> bool {
        postgresql::is_already_open(code(error).as_deref())
            && Self::execute(connection, SqlStr::from_static("ROLLBACK"))
                .await
                .is_ok()
    }

    fn is_transient(error: &(dyn DatabaseError + 'static)) -> bool {
        error
            .code()
            .is_some_and(|code| postgresql::is_transient(&code))
    }

    /// A failed transaction stays open until somebody ends it.
    fn was_rolled_back_by(_: &(dyn DatabaseError + 'static)) -> bool {
        false
    }

    fn is_disconnected(error: &SqlxError) -> bool {
        match severity(error) {
            Some(severity) => severity != PgSeverity::Error,
            None => matches!(error, SqlxError::Io(_)),
        }
    }

    /// A transaction that has written nothing has no id.
    type TransactionId = Option<TransactionId>;

    async fn probe(
        connection: &mut PgConnection,
        later: Later,
    ) -> Result<Self::TransactionId, CommitError> {
        check_depth::<Self>(connection)?;
        match send_probe(connection, later).await {
            Ok(id) => Ok(id),
            Err(error) => Err(probe_failure::<Self>(connection, error).await),
        }
    }

    async fn commit(connection: &mut PgConnection) -> Result<(), CommitError> {
        let Err(error) = PgTransactionManager::commit(connection).await else {
            return Ok(());
        };
        if code(&error).is_some_and(|code| postgresql::is_idle_timeout(&code)) {
            return Err(CommitError::RolledBack(error.into()));
        }
        // Whoever answers with anything else, a pooler that has lost its server for one, does not know.
        if severity(&error) != Some(PgSeverity::Error) {
            return Err(CommitError::Unknown(error.into()));
        }
        Self::forget_ended(connection).await;
        Err(CommitError::RolledBack(error.into()))
    }

    async fn resolve(
        pool: &Pool<Self>,
        id: &Option<TransactionId>,
        committed: Result<(), CommitError>,
    ) -> Result<(), CommitError> {
        match id {
            Some(id) => settled(id.resolve(pool).await, committed),
            None => committed,
        }
    }

    async fn rollback(connection: &mut PgConnection) -> Result<(), RollbackError> {
        roll_back_probed::<Self>(connection, postgresql::ROLLBACK_PROBE, Recount::Wait).await
    }

    async fn commit_pooled(connection: &mut PoolConnection<Self>) -> Result<(), CommitError> {
        check_depth::<Self>(connection)?;
        postgres_commit::commit(connection).await
    }

    /// The probe begins another transaction, which the queued `ROLLBACK` ends.
    async fn rollback_pooled(connection: &mut PoolConnection<Self>) -> Result<(), RollbackError> {
        roll_back_probed::<Self>(connection, postgresql::ROLLBACK_PROBE, Recount::Queue).await
    }

    /// PostgreSQL warns of a `ROLLBACK` outside of a transaction.
    async fn forget_ended(connection: &mut PgConnection) {
        let _ = Self::execute(connection, SqlStr::from_static("BEGIN")).await;
        let _ = roll_back_until::<Self>(0, connection).await;
    }

    async fn is_in_step(connection: &mut PgConnection) -> bool {
        let answer = connection.fetch_optional(raw_sql(IN_STEP)).await;
        answer.is_ok_and(|row| row.is_some_and(|row| row.try_get(0).ok() == Some("in step")))
    }

    async fn savepoint_failure(_: &mut PgConnection, error: SqlxError) -> CommitError {
        if Self::is_disconnected(&error) {
            return CommitError::RolledBack(error.into());
        }
        let code = code(&error).map(Cow::into_owned);
        postgresql::failure(code.as_deref(), error)
    }

    async fn check(connection: &mut PgConnection) -> Result<(), CommitError> {
        match Self::execute(connection, SqlStr::from_static(postgresql::CHECK)).await {
            Ok(()) => Ok(()),
            Err(error) => Err(Self::savepoint_failure(connection, error).await),
        }
    }

    const RECOVERS: bool = true;

    /// The answers to the step come first, and one of them may be an error.
    async fn recover(connection: &mut PgConnection) -> bool {
        for _ in 0..MOST_ERRORS_OF_A_STEP {
            let ended = match depth::<Self>(connection) {
                0 => Self::execute(connection, SqlStr::from_static(postgresql::CLEAR)).await,
                _ => roll_back_until::<Self>(0, connection).await,
            };
            match ended {
                Ok(()) => return Self::is_in_step(connection).await,
                Err(error) if Self::is_disconnected(&error) => return false,
                Err(_) => {}
            }
        }
        false
    }

    fn abandon(connection: &mut PgConnection, abandoned: Abandoned) -> Fate {
        match abandoned {
            Abandoned::Interrupted => {
                // One that nobody can close goes on with it, and only warns where nothing is open any more.
                count_out::<Self>(connection);
                Fate::Close
            }
            Abandoned::Open => {
                PgTransactionManager::start_rollback(connection);
                Fate::Keep
            }
            Abandoned::Nested => Fate::Keep,
        }
    }
}

async fn send_probe(
    connection: &mut PgConnection,
    later: Later,
) -> Result<Option<TransactionId>, SqlxError> {
    let probe = match later {
        Later::Never => postgresql::PROBE,
        Later::Ask => transaction_id::PROBE,
    };
    let rows = connection.fetch_all(raw_sql(probe)).await?;
    TransactionId::read(&rows)
}

/// The severity of an answer of the server.
pub(super) fn severity(error: &SqlxError) -> Option<PgSeverity> {
    let error = error.as_database_error()?;
    Some(error.try_downcast_ref::<PgDatabaseError>()?.severity())
}
