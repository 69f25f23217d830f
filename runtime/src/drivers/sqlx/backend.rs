//! The differences between the databases.

use std::future::Future;

use sqlx_core::Error as SqlxError;
use sqlx_core::database::Database;
use sqlx_core::error::DatabaseError;
use sqlx_core::pool::{Pool, PoolConnection};
use sqlx_core::sql_str::SqlStr;

use super::hold::Ownership;
use super::steps::{roll_back_until, sql};
use crate::error::BoxError;
use crate::options::{Options, Unsupported};
use crate::settings::Settings;
use crate::transaction::{Abandoned, CommitError, RollbackError, Savepoint};

/// A database that sqlx speaks to.
pub trait Backend: Database {
    /// Runs a statement without arguments.
    fn execute(
        connection: &mut Self::Connection,
        sql: SqlStr,
    ) -> impl Future<Output = Result<(), SqlxError>> + Send;

    /// The name of driver and database.
    const DRIVER: &'static str;

    /// The fate of a connection in an unknown state, where the source can close it.
    const DOUBTFUL: Fate;

    /// The statement that begins a transaction.
    ///
    /// # Errors
    ///
    /// When the database cannot honour one of the options, or not without somebody to ask.
    fn begin(options: &Options, later: Later, ownership: Ownership) -> Result<SqlStr, Unsupported>;

    /// The statements that go ahead of those of the begin, and behind them, in their message.
    ///
    /// # Errors
    ///
    /// When the database has no such settings.
    fn around_begin(
        settings: &Settings,
        ownership: Ownership,
    ) -> Result<(String, &'static str), Unsupported>;

    /// The statements for a block in the transaction of a test.
    ///
    /// # Errors
    ///
    /// When the database has no such settings, or not in a transaction.
    fn set_in_test(settings: &Settings) -> Result<String, Unsupported> {
        Err(Unsupported::new(Self::DRIVER, settings.option()))
    }

    /// The statements that set them to what they were.
    fn unset_in_test(settings: &Settings) -> String {
        let _ = settings;
        String::new()
    }

    /// Changes what has to be changed outside of a transaction.
    fn change(
        connection: &mut Self::Connection,
        settings: &mut Settings,
        owns: bool,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = (connection, settings, owns);
        async { Ok(()) }
    }

    /// Gives it its old values again.
    fn put_back(
        connection: &mut Self::Connection,
        settings: &mut Settings,
    ) -> impl Future<Output = Result<(), SqlxError>> + Send {
        let _ = (connection, settings);
        async { Ok(()) }
    }

    /// Does so behind what is queued on the connection, without waiting.
    fn put_back_unheard(connection: &mut Self::Connection, settings: &mut Settings) {
        let _ = (connection, settings);
    }

    /// Whether a transaction could not be begun because its connection is in one already, of which sqlx
    /// knows nothing; it is rolled back then.
    fn clear(
        connection: &mut Self::Connection,
        error: &SqlxError,
    ) -> impl Future<Output = bool> + Send {
        let _ = (connection, error);
        async { false }
    }

    /// Whether running the whole transaction again may succeed.
    fn is_transient(error: &(dyn DatabaseError + 'static)) -> bool;

    /// Whether the database has rolled the transaction back with this error.
    fn was_rolled_back_by(error: &(dyn DatabaseError + 'static)) -> bool;

    /// Whether the session is over, so that whatever it had open is rolled back. An error that the server has
    /// answered with says so only where the server has said farewell.
    fn is_disconnected(error: &SqlxError) -> bool;

    /// The name by which a transaction can be asked about when the answer to its commit was lost.
    type TransactionId: Send + Sync;

    /// Waits until the depth that sqlx counts is up to date.
    fn catch_up(connection: &mut Self::Connection) -> impl Future<Output = ()> + Send {
        let _ = connection;
        async {}
    }

    /// Makes sure that the transaction is still there, and that the database is going to store it.
    fn probe(
        connection: &mut Self::Connection,
        later: Later,
    ) -> impl Future<Output = Result<Self::TransactionId, CommitError>> + Send;

    /// Commits what was probed.
    fn commit(
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Asks what became of a transaction whose commit was not answered, on a connection outside of the pool, which may
    /// have no other than the one that broke.
    fn resolve(
        pool: &Pool<Self>,
        id: &Self::TransactionId,
        committed: Result<(), CommitError>,
    ) -> impl Future<Output = Result<(), CommitError>> + Send {
        let _ = (pool, id);
        async { committed }
    }

    /// Rolls back, and finds out whether there was anything to roll back.
    fn rollback(
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<(), RollbackError>> + Send;

    /// Probes and commits. What is queued on the connection is sent soon, as its pool takes it back with a ping.
    fn commit_pooled(
        connection: &mut PoolConnection<Self>,
    ) -> impl Future<Output = Result<(), CommitError>> + Send {
        async {
            Self::probe(connection, Later::Never).await?;
            Self::commit(connection).await
        }
    }

    /// Rolls back a connection of that kind.
    fn rollback_pooled(
        connection: &mut PoolConnection<Self>,
    ) -> impl Future<Output = Result<(), RollbackError>> + Send {
        Self::rollback(connection)
    }

    /// Brings the depth that sqlx counts in step with a transaction that has ended without sqlx.
    fn forget_ended(connection: &mut Self::Connection) -> impl Future<Output = ()> + Send {
        async {
            let _ = roll_back_until::<Self>(0, connection).await;
        }
    }

    /// Whether what is answered belongs to what was asked, outside of a transaction.
    fn is_in_step(connection: &mut Self::Connection) -> impl Future<Output = bool> + Send {
        let _ = connection;
        async { true }
    }

    /// Creates a savepoint.
    fn savepoint(
        connection: &mut Self::Connection,
        savepoint: &Savepoint,
    ) -> impl Future<Output = Result<(), SqlxError>> + Send {
        Self::execute(connection, sql(savepoint.create()))
    }

    /// The meaning of a savepoint that could not be created, released or rolled back to, before `COMMIT` was sent.
    fn savepoint_failure(
        connection: &mut Self::Connection,
        error: SqlxError,
    ) -> impl Future<Output = CommitError> + Send;

    /// Checks what the database otherwise checks at `COMMIT` alone.
    fn check(
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<(), CommitError>> + Send {
        let _ = connection;
        async { Ok(()) }
    }

    /// Whether a connection can be used again, a step of which was interrupted, once it is recovered.
    const RECOVERS: bool = false;

    /// Ends whatever is open on a connection, a step of which was interrupted, and says whether the next user may have
    /// it.
    fn recover(connection: &mut Self::Connection) -> impl Future<Output = bool> + Send {
        let _ = connection;
        async { false }
    }

    /// Queues a rollback of an abandoned transaction, and says what has to become of the connection.
    fn abandon(connection: &mut Self::Connection, abandoned: Abandoned) -> Fate;
}

/// Whether somebody can be asked what became of a transaction when the answer to its commit was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Later {
    /// There is a pool.
    Ask,
    /// There is only this connection.
    Never,
}

/// The end of a connection that a block gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The next user may have it.
    Keep,
    /// Nobody knows its state.
    Close,
}
