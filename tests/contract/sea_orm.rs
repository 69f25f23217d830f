//! The driver of the contract suite, for sea-orm. What differs between the databases comes from
//! the `dialect` of each test program.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{
    ActiveValue, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait,
    QueryOrder, Statement, StreamTrait, TransactionTrait,
};
use sqlx::pool::PoolOptions;

use crate::dialect::{self, Db};

pub(crate) use dialect::{sync_test, test};

/// A pool of one.
pub(crate) type Connection = DatabaseConnection;
pub(crate) type DriverError = DbErr;
/// The error type of the driver itself.
pub(crate) type Original = DbErr;
pub(crate) type Pool = DatabaseConnection;
/// Nobody takes a connection out of a pool of sea-orm; what is lent is the pool.
pub(crate) type Pooled = DatabaseConnection;
/// A transaction that was begun without `commit_on_success`, as a source.
pub(crate) type ByHand<'r> = &'r DatabaseTransaction;
pub(crate) type Options = <<Db as sqlx::Database>::Connection as sqlx::Connection>::Options;

/// The sources of generic code: a connection, or a transaction on it.
pub(crate) trait Source:
    ConnectionTrait + TransactionTrait<Transaction = DatabaseTransaction> + 'static
{
}

impl<C> Source for C where
    C: ConnectionTrait + TransactionTrait<Transaction = DatabaseTransaction> + 'static
{
}

/// Generic code that reads streams.
pub(crate) trait Streaming: Source + StreamTrait {}

impl<C: Source + StreamTrait> Streaming for C {}

/// The table `item`.
pub(crate) mod item {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "item")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Whether `COMMIT` is only sent after the server has answered that there is something to commit.
#[allow(dead_code, reason = "not every database has sessions that can end")]
pub(crate) const ASKS_BEFORE_COMMIT: bool = false;
/// The same, on a pool.
#[allow(dead_code, reason = "not every database has sessions that can end")]
pub(crate) const ASKS_ON_POOLS: bool = false;
/// Whether a connection that is lost is replaced by another one.
#[allow(dead_code, reason = "not every database has sessions that can end")]
pub(crate) const LENDS_POOLS: bool = true;

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
    let conn = database.connect().await;
    for statement in dialect::TABLES {
        execute(&conn, statement).await.unwrap();
    }
    conn.close().await.unwrap();
    database
}

impl Database {
    pub(crate) async fn connect(&self) -> Connection {
        pool(self.options.clone(), 1).await
    }

    /// A pool with a connection that has prepared what the tests say: sqlx-mysql loses one whose future is
    /// dropped while it prepares, see `limits`.
    pub(crate) async fn pool(&self, size: u32) -> Pool {
        let pool = pool(self.options.clone(), size).await;
        let begun = pool.begin().await.unwrap();
        insert(&begun, -1).await.unwrap();
        rows(&begun).await.unwrap();
        begun.rollback().await.unwrap();
        pool
    }

    /// The rows that somebody else sees.
    pub(crate) async fn committed(&self) -> Vec<i64> {
        let conn = self.connect().await;
        let rows = rows(&conn).await.unwrap();
        conn.close().await.unwrap();
        rows
    }
}

/// A pool that does not wait for ever when it has nothing left to give.
pub(crate) async fn pool(address: Options, size: u32) -> Pool {
    let options = PoolOptions::<Db>::new().max_connections(size);
    let options = options.acquire_timeout(Duration::from_secs(20));
    options.connect_with(address).await.unwrap().into()
}

/// The pool as the source of a transaction.
pub(crate) fn source(pool: &Pool) -> &Pool {
    pool
}

#[expect(clippy::unused_async, reason = "other drivers wait for a connection")]
pub(crate) async fn take(pool: &Pool) -> Pooled {
    pool.clone()
}

pub(crate) async fn insert(conn: &impl ConnectionTrait, id: i64) -> Result<(), DriverError> {
    let item = item::ActiveModel {
        id: ActiveValue::Set(id),
    };
    item::Entity::insert(item)
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

pub(crate) async fn rows(conn: &impl ConnectionTrait) -> Result<Vec<i64>, DriverError> {
    let rows = item::Entity::find()
        .order_by_asc(item::Column::Id)
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// A number that the database is asked for.
#[allow(dead_code, reason = "not every database has sessions to tell apart")]
pub(crate) async fn number(
    conn: &impl ConnectionTrait,
    statement: &'static str,
) -> Result<i64, DriverError> {
    let statement = Statement::from_string(conn.get_database_backend(), statement);
    conn.query_one_raw(statement)
        .await?
        .unwrap()
        .try_get_by_index(0)
}

/// Sends a statement as it is.
pub(crate) async fn execute(
    conn: &impl ConnectionTrait,
    statement: &str,
) -> Result<(), DriverError> {
    conn.execute_unprepared(statement).await?;
    Ok(())
}

/// Begins a transaction without `commit_on_success`.
pub(crate) async fn begin_by_hand(conn: &Connection) -> DatabaseTransaction {
    conn.begin().await.unwrap()
}

pub(crate) async fn commit_by_hand(transaction: DatabaseTransaction) {
    transaction.commit().await.unwrap();
}

/// Lets others run.
pub(crate) async fn pause() {
    tokio::task::yield_now().await;
}

/// A transaction that was begun by hand, lent as a source.
macro_rules! lend {
    ($transaction:ident) => {
        &$transaction
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
