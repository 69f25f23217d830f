//! The driver of the contract suite, for sqlx. What differs between the databases comes from
//! the `dialect` of each test program.

use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::{Connection as _, Executor as _};

use crate::dialect::{self, Db};

pub(crate) use dialect::test;

pub(crate) type Connection = <Db as sqlx::Database>::Connection;
pub(crate) type DriverError = sqlx::Error;
/// The error type of the driver itself.
#[allow(dead_code, reason = "not every database refuses a commit")]
pub(crate) type Original = sqlx::Error;
pub(crate) type Pool = sqlx::Pool<Db>;
pub(crate) type Pooled = sqlx::pool::PoolConnection<Db>;
/// A transaction that was begun without `commit_on_success`, as a source.
pub(crate) type ByHand<'r, 't> = &'r mut sqlx::Transaction<'t, Db>;
pub(crate) type Options = <Connection as sqlx::Connection>::Options;

/// Whether `COMMIT` is only sent after the server has answered that there is something to commit.
#[allow(dead_code, reason = "not every database has sessions that can end")]
pub(crate) const ASKS_BEFORE_COMMIT: bool = true;
/// The same, on a pool.
#[allow(dead_code, reason = "not every database has sessions that can end")]
pub(crate) const ASKS_ON_POOLS: bool = false;
/// Whether a connection that is lost is replaced by another one.
#[allow(dead_code, reason = "not every database has sessions that can end")]
pub(crate) const LENDS_POOLS: bool = false;

/// A database of its own, with the tables `item` and `child`.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) options: Options,
    _kept: Arc<dialect::Kept>,
}

pub(crate) async fn open() -> Database {
    let (options, kept) = dialect::create().await;
    let database = Database {
        options,
        _kept: Arc::new(kept),
    };
    let mut conn = database.connect().await;
    for statement in dialect::TABLES {
        execute(&mut conn, statement).await.unwrap();
    }
    conn.close().await.unwrap();
    database
}

impl Database {
    pub(crate) async fn connect(&self) -> Connection {
        Connection::connect_with(&self.options).await.unwrap()
    }

    /// A pool that does not wait for ever when it has nothing left to give.
    pub(crate) async fn pool(&self, size: u32) -> Pool {
        let options = PoolOptions::new().max_connections(size);
        options
            .acquire_timeout(Duration::from_secs(20))
            .connect_with(self.options.clone())
            .await
            .unwrap()
    }

    /// The rows that somebody else sees.
    pub(crate) async fn committed(&self) -> Vec<i64> {
        let mut conn = self.connect().await;
        let rows = rows(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        rows
    }
}

/// The pool as the source of a transaction.
pub(crate) fn source(pool: &Pool) -> &Pool {
    pool
}

pub(crate) async fn take(pool: &Pool) -> Pooled {
    pool.acquire().await.unwrap()
}

pub(crate) async fn insert(conn: &mut Connection, id: i64) -> Result<(), DriverError> {
    sqlx::query(dialect::INSERT).bind(id).execute(conn).await?;
    Ok(())
}

pub(crate) async fn rows(conn: &mut Connection) -> Result<Vec<i64>, DriverError> {
    sqlx::query_scalar("SELECT id FROM item ORDER BY id")
        .fetch_all(conn)
        .await
}

/// A number that the database is asked for.
#[allow(dead_code, reason = "not every database has sessions to tell apart")]
pub(crate) async fn number(
    conn: &mut Connection,
    statement: &'static str,
) -> Result<i64, DriverError> {
    sqlx::query_scalar(statement).fetch_one(conn).await
}

/// Sends a statement as it is.
pub(crate) async fn execute(
    conn: &mut Connection,
    statement: &'static str,
) -> Result<(), DriverError> {
    conn.execute(sqlx::raw_sql(statement)).await?;
    Ok(())
}

/// Begins a transaction without `commit_on_success`.
pub(crate) async fn begin_by_hand(conn: &mut Connection) -> sqlx::Transaction<'_, Db> {
    conn.begin().await.unwrap()
}

pub(crate) async fn commit_by_hand(transaction: sqlx::Transaction<'_, Db>) {
    transaction.commit().await.unwrap();
}

/// Lets others run.
pub(crate) async fn pause() {
    tokio::task::yield_now().await;
}

/// A transaction that was begun by hand, lent as a source.
macro_rules! lend {
    ($transaction:ident) => {
        &mut $transaction
    };
}
pub(crate) use lend;

/// The payload of a panic of the call.
macro_rules! caught {
    ($call:expr) => {
        ::futures_util::FutureExt::catch_unwind(::std::panic::AssertUnwindSafe($call)).await
    };
}
pub(crate) use caught;

/// A call of a function by itself.
macro_rules! boxed {
    ($call:expr) => {
        ::std::boxed::Box::pin($call).await
    };
}
pub(crate) use boxed;
