//! Handles of pools other than those of sqlx: by leases, or by the trait of the driver.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::sync::atomic::{AtomicUsize, Ordering};

use commit_on_success::{Error, ErrorKind, Handle, commit_on_success, defer, transaction};
use commit_on_success_tests::polling::{drop_at_pending, poll_once};
use commit_on_success_tests::servers;

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the body says {0}")]
    Body(&'static str),
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
    #[error(transparent)]
    Diesel(#[from] diesel::result::Error),
    #[error(transparent)]
    SeaOrm(#[from] sea_orm::DbErr),
    #[error(transparent)]
    Transaction(#[from] Error),
}

#[track_caller]
fn kind(failure: &Failure) -> ErrorKind {
    match failure {
        Failure::Transaction(error) => error.kind(),
        other => Error::find(other).unwrap().kind(),
    }
}

/// A name that no other test uses.
fn unique() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("handles_{}_{number}", std::process::id())
}

/// The tests of a pool, for which `insert` and `rows` are written with what its driver has.
macro_rules! on {
    ($kind:meta, $module:ident, $pool:ty, $open:expr, |$db:ident, $sql:ident| $execute:expr, |$from:ident, $query:ident| $rows:expr, |$beside:ident| $source:expr) => {
        mod $module {
            use super::*;

            type Db = Handle<$pool>;

            /// A handle, and the name of a table of its own.
            async fn open(size: usize) -> (Db, String) {
                let db: Db = Handle::new($open(size).await);
                let table = unique();
                execute(&db, &format!("CREATE TABLE {table} (id BIGINT PRIMARY KEY)"))
                    .await
                    .unwrap();
                (db, table)
            }

            async fn execute($db: &Db, $sql: &str) -> Result<(), Failure> {
                $execute
            }

            async fn insert(db: &Db, table: &str, id: i64) -> Result<(), Failure> {
                execute(db, &format!("INSERT INTO {table} VALUES ({id})")).await
            }

            async fn rows($from: &Db, table: &str) -> Result<Vec<i64>, Failure> {
                let $query = format!("SELECT id FROM {table} ORDER BY id");
                $rows
            }

            async fn end(db: Db, table: &str) {
                execute(&db, &format!("DROP TABLE {table}")).await.unwrap();
            }

            #[commit_on_success(tx = db)]
            async fn block(db: &Db, table: &str, id: i64, succeeds: bool) -> Result<(), Failure> {
                insert(db, table, id).await?;
                if succeeds {
                    Ok(())
                } else {
                    Err(Failure::Body("no"))
                }
            }

            #[commit_on_success(tx = db)]
            async fn blocks(db: &Db, table: &str) -> Result<(), Failure> {
                insert(db, table, 1).await?;
                block(db, table, 2, false).await.unwrap_err();
                block(db, table, 3, true).await?;
                let (copy, owned) = (db.clone(), table.to_owned());
                defer!(insert_later(copy, owned, 4).await);
                Ok(())
            }

            async fn insert_later(db: Db, table: String, id: i64) -> Result<(), Failure> {
                insert(&db, &table, id).await
            }

            #[$kind]
            async fn statements_are_in_the_block_around_them() {
                let (db, table) = open(1).await;
                blocks(&db, &table).await.unwrap();
                assert_eq!(rows(&db, &table).await.unwrap(), [1, 3, 4]);
                block(&db, &table, 5, false).await.unwrap_err();
                assert_eq!(rows(&db, &table).await.unwrap(), [1, 3, 4]);
                end(db, &table).await;
            }

            #[$kind]
            async fn a_block_on_the_pool_itself_refuses_the_handle() {
                let (db, table) = open(2).await;
                let $beside = db.pool().clone();
                let refused: Result<(), Failure> = transaction!(async tx = $source => {
                    let _ = tx;
                    insert(&db, &table, 1).await
                });
                assert_eq!(kind(&refused.unwrap_err()), ErrorKind::BesideBlock);
                assert_eq!(rows(&db, &table).await.unwrap(), [0; 0]);
                end(db, &table).await;
            }

            #[$kind]
            async fn a_handle_that_requires_a_transaction_is_refused_without() {
                let (db, table) = open(1).await;
                let required: Db = Handle::required(db.pool().clone());
                let refused = insert(&required, &table, 1).await.unwrap_err();
                assert_eq!(kind(&refused), ErrorKind::NotInTransaction);
                block(&required, &table, 2, true).await.unwrap();
                assert_eq!(rows(&db, &table).await.unwrap(), [2]);
                end(db, &table).await;
            }

            #[$kind]
            async fn a_block_that_is_dropped_stores_everything_or_nothing() {
                let (db, table) = open(1).await;
                let mut point = 0;
                let mut completed = false;
                while !completed {
                    completed = drop_at_pending(blocks(&db, &table), point).await.is_some();
                    // What a task has to see to its end is before the next statement on a pool of one.
                    let stored = rows(&db, &table).await.unwrap();
                    let kinds: [&[i64]; 3] = [&[], &[1, 3], &[1, 3, 4]];
                    assert!(kinds.contains(&&stored[..]), "{point}: {stored:?}");
                    assert!(!completed || stored == [1, 3, 4]);
                    execute(&db, &format!("DELETE FROM {table}")).await.unwrap();
                    point += 1;
                }
                assert!(point > 1);
                end(db, &table).await;
            }

            #[$kind]
            async fn nothing_of_a_test_is_kept() {
                let (db, table) = open(1).await;
                let test = commit_on_success::testing::AsyncTestTransaction::begin(&db).await.unwrap();
                let tasks: Vec<_> = (0..5)
                    .map(|number| {
                        let (db, table) = (db.clone(), table.clone());
                        tokio::spawn(async move {
                            block(&db, &table, number, true).await?;
                            insert(&db, &table, number + 10).await
                        })
                    })
                    .collect();
                for task in tasks {
                    task.await.unwrap().unwrap();
                }
                insert(&db, &table, 1).await.unwrap_err();
                let all = [0, 1, 2, 3, 4, 10, 11, 12, 13, 14];
                assert_eq!(rows(&db, &table).await.unwrap(), all);
                test.rollback().await.unwrap();
                assert_eq!(rows(&db, &table).await.unwrap(), [0; 0]);
                end(db, &table).await;
            }
        }
    };
}

mod deadpool {
    use deadpool_postgres::{Manager, Pool, Runtime};
    use tokio_postgres::NoTls;

    #[expect(clippy::unused_async, reason = "other pools begin with a connection")]
    pub(super) async fn pool(size: usize) -> Pool {
        let config = super::servers::postgres().parse().unwrap();
        let pool = Pool::builder(Manager::new(config, NoTls)).max_size(size);
        pool.runtime(Runtime::Tokio1).build().unwrap()
    }
}

on!(
    commit_on_success_test_macros::server_test,
    on_deadpool_postgres,
    deadpool_postgres::Pool,
    super::deadpool::pool,
    |db, sql| {
        db.acquire().await?.batch_execute(sql).await?;
        Ok(())
    },
    |db, query| {
        let rows = db.acquire().await?.query(&query, &[]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    },
    |pool| &pool
);

mod one_client {
    use std::sync::Arc;

    use tokio::sync::Mutex;
    use tokio_postgres::{Client, NoTls};

    /// One connection, however many are asked for.
    pub(super) async fn connect(_: usize) -> Arc<Mutex<Client>> {
        let connected = tokio_postgres::connect(&super::servers::postgres(), NoTls).await;
        let (client, connection) = connected.unwrap();
        tokio::spawn(connection);
        Arc::new(Mutex::new(client))
    }

    #[commit_on_success_test_macros::server_test]
    async fn a_block_takes_the_connection_that_others_have_locked() {
        use super::{Failure, Handle, commit_on_success};

        #[commit_on_success(tx = db)]
        async fn one(db: &Handle<Arc<Mutex<Client>>>) -> Result<i32, Failure> {
            Ok(db.acquire().await?.query_one("SELECT 1", &[]).await?.get(0))
        }

        let db = Handle::new(connect(1).await);
        let guard = db.pool().clone().lock_owned().await;
        let mut waits = Box::pin(one(&db));
        assert!(super::poll_once(waits.as_mut()).is_pending());
        drop(guard);
        assert_eq!(waits.await.unwrap(), 1);
        // The lock is free by now.
        let one: i32 = db
            .pool()
            .lock()
            .await
            .query_one("SELECT 1", &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(one, 1);
    }
}

on!(
    commit_on_success_test_macros::server_test,
    on_one_client,
    std::sync::Arc<tokio::sync::Mutex<tokio_postgres::Client>>,
    super::one_client::connect,
    |db, sql| {
        db.acquire().await?.batch_execute(sql).await?;
        Ok(())
    },
    |db, query| {
        let rows = db.acquire().await?.query(&query, &[]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    },
    |client| commit_on_success::Owned(client.lock_owned().await)
);

mod with_diesel {
    use diesel::prelude::*;
    use diesel::sql_types::BigInt;
    use diesel_async::pooled_connection::{AsyncDieselConnectionManager, bb8, deadpool};
    use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

    #[derive(QueryableByName)]
    pub(super) struct Id {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }

    #[expect(clippy::unused_async, reason = "other pools begin with a connection")]
    pub(super) async fn deadpool(size: usize) -> deadpool::Pool<AsyncPgConnection> {
        let manager = AsyncDieselConnectionManager::new(super::servers::postgres());
        let pool = deadpool::Pool::builder(manager).max_size(size);
        pool.build().unwrap()
    }

    pub(super) async fn bb8(size: usize) -> bb8::Pool<AsyncPgConnection> {
        let manager = AsyncDieselConnectionManager::new(super::servers::postgres());
        let pool = bb8::Pool::builder().max_size(size.try_into().unwrap());
        pool.build(manager).await.unwrap()
    }

    pub(super) async fn execute(
        conn: &mut impl SimpleAsyncConnection,
        sql: &str,
    ) -> QueryResult<()> {
        conn.batch_execute(sql).await
    }

    pub(super) async fn rows<C>(conn: &mut C, query: String) -> QueryResult<Vec<i64>>
    where
        C: AsyncConnection<Backend = diesel::pg::Pg>,
    {
        let ids: Vec<Id> = diesel::sql_query(query).load(conn).await?;
        Ok(ids.into_iter().map(|row| row.id).collect())
    }
}

on!(
    commit_on_success_test_macros::server_test,
    on_diesel_async_deadpool,
    diesel_async::pooled_connection::deadpool::Pool<diesel_async::AsyncPgConnection>,
    super::with_diesel::deadpool,
    |db, sql| Ok(with_diesel::execute(&mut *db.acquire().await?, sql).await?),
    |db, query| Ok(with_diesel::rows(&mut **db.acquire().await?, query).await?),
    |pool| &pool
);

on!(
    commit_on_success_test_macros::server_test,
    on_diesel_async_bb8,
    diesel_async::pooled_connection::bb8::Pool<diesel_async::AsyncPgConnection>,
    super::with_diesel::bb8,
    |db, sql| Ok(with_diesel::execute(&mut *db.acquire().await?, sql).await?),
    |db, query| Ok(with_diesel::rows(&mut **db.acquire().await?, query).await?),
    |pool| &pool
);

mod with_sea_orm {
    use sea_orm::{
        ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, Statement,
    };

    async fn connect(url: String, size: usize) -> DatabaseConnection {
        let mut options = ConnectOptions::new(url);
        options.max_connections(size.try_into().unwrap());
        Database::connect(options).await.unwrap()
    }

    pub(super) async fn sqlite(size: usize) -> DatabaseConnection {
        let directory = tempfile::tempdir().unwrap().keep();
        let url = format!("sqlite://{}/database?mode=rwc", directory.display());
        connect(url, size).await
    }

    pub(super) async fn postgres(size: usize) -> DatabaseConnection {
        connect(super::servers::postgres(), size).await
    }

    pub(super) async fn mariadb(size: usize) -> DatabaseConnection {
        connect(super::servers::mysql(), size).await
    }

    /// As generic as code for sea-orm is.
    pub(super) async fn execute(db: &impl ConnectionTrait, sql: &str) -> Result<(), DbErr> {
        db.execute_unprepared(sql).await?;
        Ok(())
    }

    pub(super) async fn rows(db: &impl ConnectionTrait, query: String) -> Result<Vec<i64>, DbErr> {
        let query = Statement::from_string(db.get_database_backend(), query);
        let rows = db.query_all_raw(query).await?;
        rows.iter().map(|row| row.try_get_by_index(0)).collect()
    }
}

on!(
    tokio::test,
    on_sea_orm_sqlite,
    sea_orm::DatabaseConnection,
    super::with_sea_orm::sqlite,
    |db, sql| Ok(with_sea_orm::execute(db, sql).await?),
    |db, query| Ok(with_sea_orm::rows(db, query).await?),
    |pool| &pool
);

on!(
    commit_on_success_test_macros::server_test,
    on_sea_orm_postgres,
    sea_orm::DatabaseConnection,
    super::with_sea_orm::postgres,
    |db, sql| Ok(with_sea_orm::execute(db, sql).await?),
    |db, query| Ok(with_sea_orm::rows(db, query).await?),
    |pool| &pool
);

on!(
    commit_on_success_test_macros::server_test,
    on_sea_orm_mariadb,
    sea_orm::DatabaseConnection,
    super::with_sea_orm::mariadb,
    |db, sql| Ok(with_sea_orm::execute(db, sql).await?),
    |db, query| Ok(with_sea_orm::rows(db, query).await?),
    |pool| &pool
);
