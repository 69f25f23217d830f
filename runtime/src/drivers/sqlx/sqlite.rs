//! SQLite through sqlx.
//!
//! SQLite ends a transaction by itself on `ON CONFLICT ROLLBACK`, a full disk, and other errors
//! (<https://www.sqlite.org/lang_transaction.html>, section 3), and sqlx goes on counting it as open. The
//! only way to ask through sqlx is to try a `BEGIN`, which fails inside a transaction and costs a hop
//! to the connection's thread; a commit asks only when it has failed.
//!
//! Commands reach the connection's thread in order, and one whose future was dropped is undone there,
//! so that a connection never has to be closed: that would throw an in-memory database away.

use sqlx_core::Error as SqlxError;
use sqlx_core::connection::Connection as _;
use sqlx_core::error::DatabaseError;
use sqlx_core::executor::Executor;
use sqlx_core::pool::Pool;
use sqlx_core::sql_str::SqlStr;
use sqlx_core::transaction::TransactionManager;
use sqlx_sqlite::{Sqlite, SqliteConnection, SqliteTransactionManager};

use super::{Backend, Fate, Later, borrowed, check_depth, depth, roll_back_until, sql};
use crate::drivers::dialect::sqlite;
use crate::error::Outcome;
use crate::options::{Options, Unsupported};
use crate::transaction::{Abandoned, CommitError, RollbackError, Savepoint};

/// `SQLITE_ERROR`
const ERROR: u32 = 1;
/// `SQLITE_BUSY` and `SQLITE_LOCKED`.
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
/// After these SQLite may have rolled back: `SQLITE_BUSY`, `SQLITE_NOMEM`, `SQLITE_INTERRUPT`,
/// `SQLITE_IOERR`, `SQLITE_FULL`, and, with `ON CONFLICT ROLLBACK`, `SQLITE_CONSTRAINT`.
const ROLLED_BACK: [u32; 6] = [BUSY, 7, 9, 10, 13, 19];

/// The low byte of SQLite's extended result code.
fn primary_code(error: &(dyn DatabaseError + 'static)) -> Option<u32> {
    let code = error.code()?.parse::<u32>().ok()?;
    Some(code & 0xff)
}

borrowed!(Sqlite, SqliteConnection);

impl Backend for Sqlite {
    async fn execute(connection: &mut SqliteConnection, sql: SqlStr) -> Result<(), SqlxError> {
        connection.execute(sql).await.map(drop)
    }

    const DRIVER: &'static str = "sqlx-sqlite";

    fn begin(options: &Options) -> Result<SqlStr, Unsupported> {
        Ok(SqlStr::from_static(sqlite::begin(options)?))
    }

    /// `ROLLBACK` fails where there is nothing to roll back.
    async fn clear(connection: &mut SqliteConnection, error: &SqlxError) -> bool {
        error.as_database_error().and_then(primary_code) == Some(ERROR)
            && Self::execute(connection, SqlStr::from_static("ROLLBACK"))
                .await
                .is_ok()
    }

    fn is_transient(error: &(dyn DatabaseError + 'static)) -> bool {
        matches!(primary_code(error), Some(BUSY | LOCKED))
    }

    fn was_rolled_back_by(error: &(dyn DatabaseError + 'static)) -> bool {
        primary_code(error).is_some_and(|code| ROLLED_BACK.contains(&code))
    }

    /// A rollback that was only queued, because a future was dropped, has yet to be counted.
    async fn catch_up(connection: &mut SqliteConnection) {
        if depth::<Self>(connection) > 0 {
            let _ = connection.ping().await;
        }
    }

    type Witness = ();

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
            } else if error.as_database_error().and_then(primary_code) == Some(ERROR) {
                // There was nothing to commit.
                CommitError::Ended
            } else {
                CommitError::RolledBack(error.into())
            }),
        }
    }

    async fn settle(_: &Pool<Self>, (): &()) -> Option<Outcome> {
        None
    }

    async fn rollback(connection: &mut SqliteConnection) -> Result<(), RollbackError> {
        if depth::<Self>(connection) == 0 || has_ended(connection).await {
            return Err(RollbackError::Ended);
        }
        roll_back_until::<Self>(0, connection)
            .await
            .map_err(|error| RollbackError::Failed(error.into()))
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
            CommitError::Refused(error.into())
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
    // One message, which stops at `BEGIN` inside a transaction, and leaves none if it is cancelled.
    let probe = Sqlite::execute(connection, SqlStr::from_static("BEGIN; ROLLBACK")).await;
    let ended = probe.is_ok();
    if ended && depth::<Sqlite>(connection) == 1 {
        // There has to be something that sqlx can roll back.
        let _ = Sqlite::execute(connection, SqlStr::from_static("BEGIN")).await;
        let _ = roll_back_until::<Sqlite>(0, connection).await;
    }
    ended
}
