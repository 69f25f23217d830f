//! SQLite through sqlx.
//!
//! SQLite ends a transaction by itself on `ON CONFLICT ROLLBACK`, a full disk, and other errors
//! (<https://www.sqlite.org/lang_transaction.html>, section 3), and sqlx goes on counting it as open. The
//! only way to ask through sqlx is to try a `BEGIN`, which fails inside a transaction and costs a hop
//! to the connection's thread; a commit asks only when it has failed.
//!
//! Commands reach the connection's thread in order, and one whose future was dropped is undone there,
//! so that a connection never has to be closed: that would throw an in-memory database away.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Waker};

use sqlx_core::Error as SqlxError;
use sqlx_core::connection::Connection as _;
use sqlx_core::error::DatabaseError;
use sqlx_core::executor::Executor;
use sqlx_core::row::Row as _;
use sqlx_core::sql_str::SqlStr;
use sqlx_core::transaction::TransactionManager;
use sqlx_sqlite::{Sqlite, SqliteConnection, SqliteTransactionManager};

use super::backend::{Backend, Fate, Later};
use super::hold::Ownership;
use super::sources::connection;
use super::steps::{check_depth, depth, roll_back_until, sql};
use crate::drivers::dialect::pragma::{self, NoValue};
use crate::drivers::dialect::sqlite::{self, ForeignKeyViolated};
use crate::error::BoxError;
use crate::observer;
use crate::options::{Options, Unsupported};
use crate::settings::Settings;
use crate::transaction::{Abandoned, CommitError, RollbackError, Savepoint};

/// The primary result code.
fn primary_code(error: &(dyn DatabaseError + 'static)) -> Option<u32> {
    Some(sqlite::primary(error.code()?.parse().ok()?))
}

connection!(Sqlite, SqliteConnection);

impl Backend for Sqlite {
    async fn execute(connection: &mut SqliteConnection, sql: SqlStr) -> Result<(), SqlxError> {
        connection.execute(sql).await.map(drop)
    }

    const DRIVER: &'static str = "sqlx-sqlite";

    const DOUBTFUL: Fate = Fate::Keep;

    fn begin(options: &Options, _: Later, _: Ownership) -> Result<SqlStr, Unsupported> {
        Ok(SqlStr::from_static(sqlite::begin(options)?))
    }

    fn around_begin(
        settings: &Settings,
        _: Ownership,
    ) -> Result<(String, &'static str), Unsupported> {
        pragma::only(settings)?;
        Ok((String::new(), ""))
    }

    /// What the last user has left open is rolled back before, as pragmas are ignored in it.
    async fn change(
        connection: &mut SqliteConnection,
        settings: &mut Settings,
        owns: bool,
    ) -> Result<(), BoxError> {
        if is_open(connection).await {
            if !owns {
                // Says that a transaction is open.
                return Ok(Self::execute(connection, SqlStr::from_static("BEGIN")).await?);
            }
            Self::execute(connection, SqlStr::from_static("ROLLBACK")).await?;
            observer::leftover_rolled_back(Self::DRIVER);
        }
        for setting in settings.pragmas().to_vec() {
            let old = value_of(connection, setting.name()).await?;
            settings.remember(setting.name(), old);
            Self::execute(connection, sql(pragma::write(&setting).into())).await?;
        }
        Ok(())
    }

    async fn put_back(
        connection: &mut SqliteConnection,
        settings: &mut Settings,
    ) -> Result<(), SqlxError> {
        for setting in settings.changed().iter().rev() {
            Self::execute(connection, sql(pragma::write(setting).into())).await?;
        }
        settings.forget_changed();
        Ok(())
    }

    /// The first poll sends a statement to the connection's thread, which executes it though nobody waits. Of several in one message it would
    /// execute the first.
    fn put_back_unheard(connection: &mut SqliteConnection, settings: &mut Settings) {
        for setting in settings.changed().iter().rev() {
            let statement = sql(pragma::write(setting).into());
            let queued = pin!(Self::execute(connection, statement));
            let _ = queued.poll(&mut Context::from_waker(Waker::noop()));
        }
        settings.forget_changed();
    }

    /// `ROLLBACK` fails where there is nothing to roll back.
    async fn clear(connection: &mut SqliteConnection, error: &SqlxError) -> bool {
        error.as_database_error().and_then(primary_code) == Some(sqlite::ERROR)
            && Self::execute(connection, SqlStr::from_static("ROLLBACK"))
                .await
                .is_ok()
    }

    fn is_transient(error: &(dyn DatabaseError + 'static)) -> bool {
        primary_code(error).is_some_and(sqlite::is_transient)
    }

    fn was_rolled_back_by(error: &(dyn DatabaseError + 'static)) -> bool {
        primary_code(error).is_some_and(sqlite::may_have_rolled_back)
    }

    /// The connection's thread has ended, and the connection with it.
    fn is_disconnected(error: &SqlxError) -> bool {
        matches!(error, SqlxError::WorkerCrashed)
    }

    /// A rollback that was only queued, because a future was dropped, has yet to be counted.
    async fn catch_up(connection: &mut SqliteConnection) {
        if depth::<Self>(connection) > 0 {
            let _ = connection.ping().await;
        }
    }

    type TransactionId = ();

    async fn probe(connection: &mut SqliteConnection, _: Later) -> Result<(), CommitError> {
        if depth::<Self>(connection) > 1 {
            Self::catch_up(connection).await;
        }
        check_depth::<Self>(connection)
    }

    async fn commit(connection: &mut SqliteConnection) -> Result<(), CommitError> {
        match SqliteTransactionManager::commit(connection).await {
            Ok(()) => Ok(()),
            Err(error) if error.as_database_error().is_none() => {
                Err(CommitError::Unknown(error.into()))
            }
            Err(error) => Err(if !has_ended(connection).await {
                CommitError::Refused(error.into())
            } else if error.as_database_error().and_then(primary_code) == Some(sqlite::ERROR) {
                // `SQLITE_ERROR` of a `COMMIT` means that there was nothing to commit.
                CommitError::Ended
            } else {
                CommitError::RolledBack(error.into())
            }),
        }
    }

    async fn rollback(connection: &mut SqliteConnection) -> Result<(), RollbackError> {
        if depth::<Self>(connection) == 0 || has_ended(connection).await {
            return Err(RollbackError::Ended);
        }
        match roll_back_until::<Self>(0, connection).await {
            Ok(()) => Ok(()),
            Err(error) => Err(failure(error).into()),
        }
    }

    /// Outside of a transaction `SAVEPOINT` would begin one.
    async fn savepoint(
        connection: &mut SqliteConnection,
        savepoint: &Savepoint,
    ) -> Result<(), SqlxError> {
        if has_ended(connection).await {
            return Err(SqlxError::BeginFailed);
        }
        Self::execute(connection, sql(savepoint.create())).await
    }

    async fn savepoint_failure(connection: &mut SqliteConnection, error: SqlxError) -> CommitError {
        if has_ended(connection).await {
            CommitError::Ended
        } else {
            failure(error)
        }
    }

    async fn check(connection: &mut SqliteConnection) -> Result<(), CommitError> {
        match violated(connection).await {
            Ok(None) => Ok(()),
            Ok(Some(violated)) => Err(CommitError::Refused(violated.into())),
            Err(error) => Err(Self::savepoint_failure(connection, error).await),
        }
    }

    fn abandon(connection: &mut SqliteConnection, abandoned: Abandoned) -> Fate {
        if abandoned != Abandoned::Nested {
            SqliteTransactionManager::start_rollback(connection);
        }
        Fate::Keep
    }
}

/// Whether SQLite is outside of a transaction; then sqlx's count is brought back in step.
async fn has_ended(connection: &mut SqliteConnection) -> bool {
    // The message stops at `BEGIN` inside a transaction, and leaves none if it is cancelled.
    let probe = Sqlite::execute(connection, SqlStr::from_static("BEGIN; ROLLBACK")).await;
    let ended = probe.is_ok();
    if ended && depth::<Sqlite>(connection) == 1 {
        // sqlx needs something to roll back.
        let _ = Sqlite::execute(connection, SqlStr::from_static("BEGIN")).await;
        let _ = roll_back_until::<Sqlite>(0, connection).await;
    }
    ended
}

/// Whether a transaction is open that sqlx does not know of. The connection's thread executes both statements, or none, though nobody waits.
async fn is_open(connection: &mut SqliteConnection) -> bool {
    let probe = SqlStr::from_static("BEGIN; ROLLBACK");
    let probed = SqliteTransactionManager::begin(connection, Some(probe)).await;
    // sqlx would like a transaction to be open now.
    !matches!(probed, Ok(()) | Err(SqlxError::BeginFailed))
}

async fn value_of(
    connection: &mut SqliteConnection,
    name: &'static str,
) -> Result<String, BoxError> {
    let row = connection
        .fetch_optional(sql(pragma::read(name).into()))
        .await?;
    let value: Option<String> = match row {
        Some(row) => row.try_get_unchecked(0)?,
        None => None,
    };
    value.ok_or_else(|| NoValue(name).into())
}

/// The meaning of an error in a transaction that has not ended.
fn failure(error: SqlxError) -> CommitError {
    if Sqlite::is_disconnected(&error) {
        CommitError::RolledBack(error.into())
    } else {
        CommitError::Refused(error.into())
    }
}

/// The first foreign key, where they are enforced, that a `COMMIT` would refuse.
async fn violated(
    connection: &mut SqliteConnection,
) -> Result<Option<ForeignKeyViolated>, SqlxError> {
    let enforced = SqlStr::from_static(sqlite::FOREIGN_KEYS);
    let enforced: i64 = connection.fetch_one(enforced).await?.try_get(0)?;
    if enforced == 0 {
        return Ok(None);
    }
    let check = SqlStr::from_static(sqlite::FOREIGN_KEY_CHECK);
    let Some(row) = connection.fetch_optional(check).await? else {
        return Ok(None);
    };
    let (table, parent) = (row.try_get(0)?, row.try_get(2)?);
    Ok(Some(ForeignKeyViolated { table, parent }))
}
