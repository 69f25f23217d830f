//! Functions that are given a pool, a connection or a handle of diesel-async, whichever their caller has.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use commit_on_success::drivers::diesel_async::Source;
use commit_on_success::testing::AsyncTestTransaction;
use commit_on_success::{Handle, commit_on_success, defer, transaction};
use commit_on_success_tests::polling::drop_at_pending;
use commit_on_success_tests::servers;
use commit_on_success_tests::with_diesel::{Failure, Id, sqlite_file};
use diesel::prelude::*;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager as Manager, bb8, deadpool};
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{AsyncConnection, AsyncMysqlConnection, AsyncPgConnection, RunQueryDsl};

#[expect(clippy::unused_async, reason = "another pool begins with a connection")]
async fn of_deadpool<C>(url: String) -> deadpool::Pool<C>
where
    Manager<C>: ::deadpool::managed::Manager<Type = C>,
    C: AsyncConnection + 'static,
{
    let pool = deadpool::Pool::builder(Manager::new(url)).max_size(1);
    pool.build().unwrap()
}

async fn of_bb8(url: String) -> bb8::Pool<AsyncPgConnection> {
    let pool = bb8::Pool::builder().max_size(1);
    pool.build(Manager::new(url)).await.unwrap()
}

/// The tests of a pool.
macro_rules! on {
    ($test:meta, $module:ident, $connection:ty, $pool:ty, $open:expr) => {
        mod $module {
            use super::*;

            type Conn = $connection;
            type Connections = $pool;

            /// A pool of one connection, and a table of a name of its own.
            async fn open() -> Connections {
                let pool: Connections = $open.await;
                let table = "CREATE TEMPORARY TABLE sourced (id BIGINT PRIMARY KEY)";
                let query = diesel::sql_query(table);
                query.execute(&mut pool.get().await.unwrap()).await.unwrap();
                pool
            }

            async fn rows(conn: &mut Conn) -> Vec<i64> {
                let query = diesel::sql_query("SELECT id FROM sourced ORDER BY id");
                let ids: Vec<Id> = query.load(conn).await.unwrap();
                ids.into_iter().map(|row| row.id).collect()
            }

            async fn stored(pool: &Connections) -> Vec<i64> {
                rows(&mut *pool.get().await.unwrap()).await
            }

            async fn insert(conn: &mut Conn, id: i64) -> Result<(), Failure> {
                let query = diesel::sql_query(format!("INSERT INTO sourced VALUES ({id})"));
                Ok(query.execute(conn).await.map(drop)?)
            }

            /// Odd ones are fine.
            #[commit_on_success(tx = source.into())]
            async fn store(
                source: impl Into<Source<'_, Connections>>,
                id: i64,
            ) -> Result<(), Failure> {
                insert(tx, id).await?;
                if id % 2 == 1 { Ok(()) } else { Err(Failure::Body) }
            }

            async fn insert_later(pool: Connections, id: i64) -> Result<(), Failure> {
                insert(&mut *pool.get().await.unwrap(), id).await
            }

            #[commit_on_success(tx = source.into())]
            async fn store_and_defer(
                source: impl Into<Source<'_, Connections>>,
                id: i64,
                pool: &Connections,
            ) -> Result<(), Failure> {
                insert(tx, id).await?;
                let pool = pool.clone();
                defer!(insert_later(pool, id + 1).await);
                Ok(())
            }

            #[$test]
            async fn a_pool_is_a_transaction_that_gives_its_connection_back() {
                let pool = open().await;
                store(&pool, 1).await.unwrap();
                store(&pool, 2).await.unwrap_err();
                store_and_defer(&pool, 3, &pool).await.unwrap();
                let db = Handle::new(pool.clone());
                store_and_defer(&db, 5, &pool).await.unwrap();
                assert_eq!(stored(&pool).await, [1, 3, 4, 5, 6]);
            }

            #[$test]
            async fn a_connection_is_a_transaction_or_a_savepoint() {
                let pool = open().await;
                let mut pooled = pool.get().await.unwrap();
                store(&mut pooled, 1).await.unwrap();
                store(&mut pooled, 2).await.unwrap_err();
                let conn: &mut Conn = &mut pooled;
                store(&mut *conn, 3).await.unwrap();
                let nested = async |conn: &mut Conn| -> Result<(), Failure> {
                    store(&mut *conn, 4).await.unwrap_err();
                    store(&mut *conn, 5).await
                };
                conn.transaction(nested).await.unwrap();
                let undone = async |conn: &mut Conn| -> Result<(), Failure> {
                    store(conn, 7).await?;
                    Err(Failure::Body)
                };
                conn.transaction(undone).await.unwrap_err();
                assert_eq!(rows(conn).await, [1, 3, 5]);
            }

            #[$test]
            async fn a_handle_is_a_transaction_or_a_savepoint() {
                let pool = open().await;
                let db = Handle::new(pool.clone());
                store(&db, 1).await.unwrap();
                store(&db, 2).await.unwrap_err();
                let done: Result<(), Failure> = transaction!(async tx = &db => {
                    store(tx, 3).await?;
                    store(tx, 4).await.unwrap_err();
                    store(&mut **tx.acquire().await?, 5).await?;
                    assert_eq!(rows(&mut **tx.acquire().await?).await, [1, 3, 5]);
                    Ok(())
                });
                done.unwrap();
                let undone: Result<(), Failure> = transaction!(async tx = &db => {
                    store(tx, 7).await?;
                    Err(Failure::Body)
                });
                undone.unwrap_err();
                assert_eq!(stored(&pool).await, [1, 3, 5]);
            }

            #[$test]
            async fn in_the_transaction_of_a_test_nothing_is_kept() {
                let pool = open().await;
                let db = Handle::new(pool.clone());
                let test = AsyncTestTransaction::begin(&db).await.unwrap();
                store(&db, 1).await.unwrap();
                store(&db, 2).await.unwrap_err();
                assert_eq!(rows(&mut **db.acquire().await.unwrap()).await, [1]);
                test.rollback().await.unwrap();
                assert_eq!(stored(&pool).await, [0; 0]);
            }
        }
    };
}

on!(
    tokio::test(flavor = "multi_thread"),
    on_sqlite,
    SyncConnectionWrapper<SqliteConnection>,
    deadpool::Pool<Conn>,
    of_deadpool(sqlite_file())
);
on!(
    commit_on_success_test_macros::server_test(flavor = "multi_thread"),
    on_mariadb,
    AsyncMysqlConnection,
    deadpool::Pool<Conn>,
    of_deadpool(servers::mysql())
);
on!(
    commit_on_success_test_macros::server_test(flavor = "multi_thread"),
    on_postgres,
    AsyncPgConnection,
    deadpool::Pool<Conn>,
    of_deadpool(servers::postgres())
);
on!(
    commit_on_success_test_macros::server_test(flavor = "multi_thread"),
    on_postgres_bb8,
    AsyncPgConnection,
    bb8::Pool<Conn>,
    of_bb8(servers::postgres())
);

type Postgres = deadpool::Pool<AsyncPgConnection>;

#[commit_on_success(tx = source.into())]
async fn two(source: impl Into<Source<'_, Postgres>>, table: &str) -> Result<(), Failure> {
    for id in [1, 2] {
        let query = diesel::sql_query(format!("INSERT INTO {table} VALUES ({id})"));
        query.execute(tx).await?;
    }
    Ok(())
}

#[commit_on_success_test_macros::server_test(flavor = "multi_thread")]
async fn a_block_that_is_dropped_stores_everything_or_nothing() {
    let pool = of_deadpool::<AsyncPgConnection>(servers::postgres()).await;
    let execute = async |sql: String| {
        let mut conn = pool.get().await.unwrap();
        diesel::sql_query(sql).execute(&mut conn).await.unwrap()
    };
    let table = format!("sources_{}", std::process::id());
    execute(format!("CREATE TABLE {table} (id BIGINT PRIMARY KEY)")).await;
    let mut point = 0;
    loop {
        let completed = drop_at_pending(two(&pool, &table), point).await;
        let stored = execute(format!("DELETE FROM {table}")).await;
        assert!(
            stored == 2 || stored == 0 && completed.is_none(),
            "{point}: {stored}"
        );
        if completed.is_some() {
            break;
        }
        point += 1;
    }
    assert!(point > 2, "it was dropped while it was in the middle");
    execute(format!("DROP TABLE {table}")).await;
}
