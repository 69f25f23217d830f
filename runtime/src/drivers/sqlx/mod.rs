//! `sqlx`: pools, pooled and plain connections, and transactions of PostgreSQL, MySQL and SQLite.
//!
//! | source | the body sees |
//! | --- | --- |
//! | `&Pool<DB>`, `Pool<DB>` | `&mut DB::Connection` (`&mut PgConnection`, …) |
//! | `PoolConnection<DB>` | `&mut DB::Connection` |
//! | `&mut PoolConnection<DB>` | `&mut PoolConnection<DB>` |
//! | `&mut PgConnection`, `&mut MySqlConnection`, `&mut SqliteConnection` | the same |
//! | `&mut Transaction<'_, DB>` | the same; always a savepoint |
//!
//! A connection that came from a pool is given back before deferred calls run.
//!
//! The outermost transaction goes through sqlx's own
//! [`TransactionManager`], so that `conn.begin()` inside a body is a savepoint. Nested blocks are
//! savepoints in plain SQL, because a nested `begin` of sqlx 0.9 that fails rolls back the *outer*
//! transaction.
//!
//! # What cannot be kept
//!
//! A future dropped while `BEGIN` is in flight leaves a connection that may have an open transaction, and on
//! MySQL one that was dropped in the middle of a statement leaves a connection that is out of step
//! (<https://github.com/launchbadge/sqlx/issues/563>). One that came from a pool is closed; a plain
//! `&mut PgConnection` or `&mut MySqlConnection` cannot be closed by whoever only borrows it, so its owner has
//! to drop it after a cancellation. Likewise, a nested block that is cancelled inside a `Transaction` opened
//! by hand leaves its writes in that transaction.
//!
//! On MySQL, a transaction that the last user of a pooled connection has begun in plain SQL and left open is
//! committed by the next `START TRANSACTION`, as the database does it.

mod hold;
#[cfg(feature = "sqlx-mysql")]
mod mysql;
#[cfg(feature = "sqlx-postgres")]
mod postgres;
mod sources;
#[cfg(feature = "sqlx-sqlite")]
mod sqlite;
#[cfg(feature = "sqlx-postgres")]
mod witness;

use std::borrow::Cow;
use std::future::Future;

use sqlx_core::Error as SqlxError;
use sqlx_core::database::Database;
use sqlx_core::error::DatabaseError;
use sqlx_core::pool::Pool;
use sqlx_core::sql_str::{AssertSqlSafe, SqlSafeStr, SqlStr};
use sqlx_core::transaction::TransactionManager;

pub use hold::{Borrowed, Hold, Owned};
pub(crate) use sources::borrowed;

use super::original::{find, original};
use crate::error::{BoxError, Error, Outcome};
use crate::options::{Options, Unsupported};
use crate::transaction::{
    Abandoned, AsyncTransaction, CommitError, ConnectionId, RollbackError, Savepoint, Session,
    TransactionStatus,
};

/// Marks the sources of sqlx.
#[derive(Debug)]
pub enum Sqlx {}

/// What differs between the databases.
pub trait Backend: Database {
    /// Runs a statement without arguments.
    fn execute(
        connection: &mut Self::Connection,
        sql: SqlStr,
    ) -> impl Future<Output = Result<(), SqlxError>> + Send;

    /// What driver and database are called.
    const DRIVER: &'static str;

    /// The statement that begins a transaction.
    ///
    /// # Errors
    ///
    /// When the database cannot honour one of the options.
    fn begin(options: &Options) -> Result<SqlStr, Unsupported>;

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

    /// What a transaction can be recognized by when the answer to its commit was lost.
    type Witness: Send + Sync;

    /// Waits until the depth that sqlx counts is up to date.
    fn catch_up(connection: &mut Self::Connection) -> impl Future<Output = ()> + Send {
        let _ = connection;
        async {}
    }

    /// Makes sure that the transaction is still there, and that the database is going to store it.
    fn probe(
        connection: &mut Self::Connection,
        later: Later,
    ) -> impl Future<Output = Result<Self::Witness, CommitError>> + Send;

    /// Commits.
    fn commit(
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Asks what became of a transaction, on a connection outside of the pool, which may have no other
    /// than the one that broke.
    fn settle(
        pool: &Pool<Self>,
        witness: &Self::Witness,
    ) -> impl Future<Output = Option<Outcome>> + Send;

    /// Rolls back, and finds out whether there was anything to roll back.
    fn rollback(
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<(), RollbackError>> + Send;

    /// Creates a savepoint.
    fn savepoint(
        connection: &mut Self::Connection,
        savepoint: &Savepoint,
    ) -> impl Future<Output = Result<(), SqlxError>> + Send {
        Self::execute(connection, sql(savepoint.create()))
    }

    /// What it means that a savepoint could not be released or rolled back to.
    fn savepoint_failure(
        connection: &mut Self::Connection,
        error: SqlxError,
    ) -> impl Future<Output = CommitError> + Send;

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

/// What becomes of the connection of an abandoned transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The next user may have it.
    Keep,
    /// Nobody knows its state.
    Close,
}

pub(crate) fn sql(text: Cow<'static, str>) -> SqlStr {
    match text {
        Cow::Borrowed(text) => SqlStr::from_static(text),
        // Made of a literal and a number.
        Cow::Owned(text) => AssertSqlSafe(text).into_sql_str(),
    }
}

pub(crate) fn depth<DB: Database>(connection: &DB::Connection) -> usize {
    DB::TransactionManager::get_transaction_depth(connection)
}

/// Rolls back until the depth is what is said: more than one step where the body has leaked a
/// transaction of sqlx.
pub(crate) async fn roll_back_until<DB: Database>(
    end: usize,
    connection: &mut DB::Connection,
) -> Result<(), SqlxError> {
    while depth::<DB>(connection) > end {
        DB::TransactionManager::rollback(connection).await?;
    }
    Ok(())
}

/// What it means that a transaction could not be probed before its commit. Where it has ended, the depth
/// that sqlx counts is brought back in step.
#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
pub(crate) async fn probe_failure<DB: Backend>(
    connection: &mut DB::Connection,
    error: SqlxError,
) -> CommitError {
    let failure = DB::savepoint_failure(connection, error).await;
    if matches!(failure, CommitError::Ended) {
        let _ = roll_back_until::<DB>(0, connection).await;
    }
    failure
}

/// Rolls back, after a statement that fails where there is nothing to roll back.
#[cfg(any(feature = "sqlx-mysql", feature = "sqlx-postgres"))]
pub(crate) async fn roll_back_probed<DB: Backend>(
    connection: &mut DB::Connection,
    probe: &'static str,
) -> Result<(), RollbackError> {
    if depth::<DB>(connection) == 0 {
        return Err(RollbackError::Ended);
    }
    // The savepoints of sqlx first: the probe would remove them.
    let rolled_back = async {
        roll_back_until::<DB>(1, connection).await?;
        let probe = DB::execute(connection, SqlStr::from_static(probe)).await;
        roll_back_until::<DB>(0, connection).await?;
        Ok(probe)
    };
    let probe = rolled_back
        .await
        .map_err(|error: SqlxError| RollbackError::Failed(error.into()))?;
    match probe {
        Err(error) => match DB::savepoint_failure(connection, error).await {
            CommitError::Ended => Err(RollbackError::Ended),
            _ => Ok(()),
        },
        Ok(()) => Ok(()),
    }
}

/// The database's error that `error` is, or was caused by. An error that is transparent shows no more
/// than the source of sqlx's.
fn said_by_database<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e (dyn DatabaseError + 'static)> {
    find::<SqlxError>(error)
        .and_then(SqlxError::as_database_error)
        .or_else(|| Some(&**find::<Box<dyn DatabaseError>>(error)?))
}

/// Whether the depth that sqlx counts is that of a transaction without savepoints of sqlx in it.
pub(crate) fn check_depth<DB: Database>(connection: &DB::Connection) -> Result<(), CommitError> {
    match depth::<DB>(connection) {
        0 => Err(CommitError::Ended),
        1 => Ok(()),
        _ => Err(CommitError::Refused(StillNested.into())),
    }
}

/// The body has begun a transaction of sqlx inside this one and forgotten it, so that a commit
/// would only release a savepoint.
#[derive(Debug, thiserror::Error)]
#[error("a transaction begun with sqlx inside this one is still open")]
pub(crate) struct StillNested;

/// A transaction on a connection of sqlx.
#[derive(Debug)]
pub struct SqlxTransaction<H> {
    holder: H,
}

impl<'c, DB: Backend> SqlxTransaction<Borrowed<'c, DB>> {
    pub(crate) fn borrowed(connection: &'c mut DB::Connection) -> Self {
        Self {
            holder: Borrowed(connection),
        }
    }
}

impl<H: Hold> Session for SqlxTransaction<H> {
    type Handle<'t>
        = H::Handle<'t>
    where
        Self: 't;

    fn handle(&mut self) -> H::Handle<'_> {
        self.holder.lend()
    }

    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::of(self.holder.connection())
    }

    fn status(&mut self) -> TransactionStatus {
        match depth::<H::Database>(self.holder.connection()) {
            0 => TransactionStatus::Idle,
            _ => TransactionStatus::Open,
        }
    }

    fn owns_connection(&self) -> bool {
        H::OWNS
    }

    fn driver(&self) -> &'static str {
        H::Database::DRIVER
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        said_by_database(error).is_some_and(H::Database::is_transient)
    }

    fn was_rolled_back_by(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        said_by_database(error).is_some_and(H::Database::was_rolled_back_by)
    }
}

type ManagerOf<H> = <<H as Hold>::Database as Database>::TransactionManager;

impl<H: Hold> AsyncTransaction for SqlxTransaction<H> {
    async fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        let statement = H::Database::begin(options)?;
        let connection = self.holder.connection_mut();
        let Err(error) = ManagerOf::<H>::begin(connection, Some(statement)).await else {
            return Ok(());
        };
        if !(H::OWNS && H::Database::clear(connection, &error).await) {
            return Err(error.into());
        }
        let statement = H::Database::begin(options)?;
        Ok(ManagerOf::<H>::begin(connection, Some(statement)).await?)
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        let later = self.holder.pool().map_or(Later::Never, |_| Later::Ask);
        let connection = self.holder.connection_mut();
        let witness = H::Database::probe(connection, later).await?;
        let committed = H::Database::commit(connection).await;
        let (Err(CommitError::Unknown(_)), Some(pool)) = (&committed, self.holder.pool()) else {
            return committed;
        };
        match (H::Database::settle(pool, &witness).await, committed) {
            (Some(Outcome::Committed), _) => Ok(()),
            (Some(Outcome::RolledBack), Err(CommitError::Unknown(error))) => {
                Err(CommitError::RolledBack(error))
            }
            (_, committed) => committed,
        }
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        H::Database::rollback(self.holder.connection_mut()).await
    }

    async fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        Ok(H::Database::savepoint(self.holder.connection_mut(), savepoint).await?)
    }

    async fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        let connection = self.holder.connection_mut();
        match H::Database::execute(connection, sql(savepoint.release())).await {
            Ok(()) => Ok(()),
            Err(error) => Err(H::Database::savepoint_failure(connection, error).await),
        }
    }

    async fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        let connection = self.holder.connection_mut();
        let undone = async {
            H::Database::execute(connection, sql(savepoint.rollback_to())).await?;
            H::Database::execute(connection, sql(savepoint.release())).await
        }
        .await;
        match undone {
            Ok(()) => Ok(()),
            Err(error) => Err(undo_failure(
                H::Database::savepoint_failure(connection, error).await,
            )),
        }
    }

    fn abandon(&mut self, abandoned: Abandoned) {
        let fate = H::Database::abandon(self.holder.connection_mut(), abandoned);
        if fate == Fate::Close {
            self.holder.close();
        }
    }
}

fn undo_failure(failure: CommitError) -> RollbackError {
    match failure {
        CommitError::Ended => RollbackError::Ended,
        CommitError::Refused(error)
        | CommitError::RolledBack(error)
        | CommitError::Unknown(error) => RollbackError::Failed(error),
        CommitError::Aborted => RollbackError::Failed("the transaction is aborted".into()),
    }
}

/// The driver's own error where there is one and it tells the whole story; otherwise an error that
/// has the [`Error`] as its source, for [`Error::find`].
impl From<Error> for SqlxError {
    fn from(error: Error) -> Self {
        original(error).unwrap_or_else(|error| Self::AnyDriverError(error.into()))
    }
}
