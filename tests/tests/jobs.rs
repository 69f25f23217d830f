//! Jobs on each driver: a job is stored if its transaction commits, and `Ok` means that every one is.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

#[path = "jobs/table.rs"]
mod table;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::time::Duration;

use commit_on_success::jobs::{Enqueued, Job};
use commit_on_success::sqlx::Db;
use commit_on_success::{
    Error, ErrorKind, Handle, RollbackOnly, commit_on_success, enqueue, transaction,
};
use commit_on_success_tests::polling::drop_at_pending;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, bb8, deadpool};
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use futures_util::join;
use sea_orm::{Database, DatabaseConnection};
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool};
use table::{Table, path};

#[derive(Debug, Serialize, Deserialize)]
struct Mail {
    id: i64,
}

impl Job for Mail {
    const KIND: &'static str = "mail";
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the body says no")]
    Body,
    #[error(transparent)]
    Transaction(#[from] Error),
}

#[derive(Clone, Copy)]
enum End {
    Ok,
    Err,
    Panic,
}

impl End {
    fn come(self) -> Result<(), Failure> {
        match self {
            Self::Ok => Ok(()),
            Self::Err => Err(Failure::Body),
            Self::Panic => std::panic::resume_unwind(Box::new("no")),
        }
    }
}

/// Asserts that the block was rolled back because a job was not stored, at a place in this file.
#[track_caller]
fn assert_not_stored<R: std::fmt::Debug>(result: Result<R, Failure>) {
    let Err(Failure::Transaction(error)) = result else {
        panic!("{result:?}");
    };
    assert_eq!(error.kind(), ErrorKind::RollbackOnly);
    match error.rollback_only() {
        Some(RollbackOnly::NotStored { location, .. }) => {
            assert!(location.file().ends_with(file!()));
        }
        other => panic!("{other:?}"),
    }
}

/// Asserts that the error is that of an `enqueue!`, at a place in this file.
#[track_caller]
fn assert_refused(refused: Result<Enqueued, Error>) {
    let error = refused.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Enqueue);
    assert!(error.location().unwrap().file().ends_with(file!()));
}

/// The tests of a source of an async driver: `$give` makes the source of what `$open` returns, and `$again` that of a block in a block.
macro_rules! on_async {
    (
        $($kind:ident)::+, $module:ident, $table:expr, $owned:ty, |$url:ident| $open:expr,
        $source:ty, |$from:ident| $give:expr, |$tx:ident| $again:expr
    ) => {
        mod $module {
            use super::*;

            async fn open($url: String) -> $owned {
                $open
            }

            #[commit_on_success(tx = conn)]
            async fn store(conn: $source, ids: &[i64], end: End) -> Result<(), Failure> {
                for &id in ids {
                    enqueue!(tx, Mail { id }).await?;
                }
                end.come()
            }

            #[$($kind)::+]
            async fn a_job_is_stored_if_the_transaction_commits() {
                let table = $table.await;
                let mut owned = open(table.url()).await;
                let $from = &mut owned;
                store($give, &[1, 2], End::Ok).await.unwrap();
                assert_eq!(table.ids().await, [1, 2]);
                store($give, &[3], End::Err).await.unwrap_err();
                let mut panics = pin!(store($give, &[4], End::Panic));
                let panicked = std::future::poll_fn(|context| {
                    match catch_unwind(AssertUnwindSafe(|| panics.as_mut().poll(context))) {
                        Ok(polled) => polled.map(|_| false),
                        Err(_) => std::task::Poll::Ready(true),
                    }
                });
                assert!(panicked.await);
                let mut other = open(table.url()).await;
                let $from = &mut other;
                store($give, &[5], End::Ok).await.unwrap();
                assert_eq!(table.ids().await, [1, 2, 5]);
            }

            #[commit_on_success($tx = conn)]
            async fn nests(conn: $source) -> Result<(), Failure> {
                enqueue!($tx, Mail { id: 1 }).await?;
                let kept: Result<(), Failure> = transaction!(async tx = $again => {
                    enqueue!(tx, Mail { id: 2 }).await?;
                    Ok(())
                });
                kept?;
                let undone: Result<(), Failure> = transaction!(async tx = $again => {
                    enqueue!(tx, Mail { id: 3 }).await?;
                    Err(Failure::Body)
                });
                undone.unwrap_err();
                enqueue!($tx, Mail { id: 4 }).await?;
                Ok(())
            }

            #[$($kind)::+]
            async fn a_savepoint_takes_its_jobs_with_it() {
                let table = $table.await;
                let mut owned = open(table.url()).await;
                let $from = &mut owned;
                nests($give).await.unwrap();
                assert_eq!(table.ids().await, [1, 2, 4]);
            }

            #[commit_on_success(tx = conn)]
            async fn swallows(conn: $source) -> Result<(), Failure> {
                enqueue!(tx, Mail { id: 1 }).await?;
                assert_refused(enqueue!(tx, Mail { id: 2 }.priority(9)).await);
                Ok(())
            }

            #[commit_on_success(tx = conn)]
            async fn ignores(conn: $source) -> Result<(), Failure> {
                enqueue!(tx, Mail { id: 1 }).await?;
                drop(enqueue!(tx, Mail { id: 2 }));
                Ok(())
            }

            #[commit_on_success(tx = conn)]
            async fn forgets(conn: $source) -> Result<(), Failure> {
                std::mem::forget(enqueue!(tx, Mail { id: 2 }));
                Ok(())
            }

            #[commit_on_success(tx = conn)]
            async fn drops(conn: $source, point: usize) -> Result<bool, Failure> {
                enqueue!(tx, Mail { id: 1 }).await?;
                match drop_at_pending(enqueue!(tx, Mail { id: 2 }), point).await {
                    Some(stored) => stored.map(|_| true).map_err(Failure::from),
                    None => Ok(false),
                }
            }

            // A connection of diesel-async to SQLite can be dropped on such a runtime only.
            #[$($kind)::+(flavor = "multi_thread", worker_threads = 1)]
            async fn ok_means_that_every_job_is_stored() {
                let table = $table.await;
                for point in 0.. {
                    let mut owned = open(table.url()).await;
                    let $from = &mut owned;
                    let dropped = drops($give, point).await;
                    if matches!(dropped, Ok(true)) {
                        assert_eq!(table.ids().await, [1, 2]);
                        break;
                    }
                    dropped.unwrap_err();
                    assert_eq!(table.ids().await, [0; 0]);
                }
                table.clear().await;
                let mut owned = open(table.url()).await;
                let $from = &mut owned;
                assert_not_stored(swallows($give).await);
                assert_not_stored(ignores($give).await);
                assert_not_stored(forgets($give).await);
                assert_eq!(table.ids().await, [0; 0]);
                store($give, &[5], End::Ok).await.unwrap();
                assert_eq!(table.ids().await, [5]);
            }

            #[commit_on_success(tx = conn)]
            async fn beside(conn: $source, other: $source) -> Result<(), Failure> {
                enqueue!(tx, Mail { id: 1 }).await?;
                let refused: Result<(), Failure> = transaction!(async _inner = other => {
                    assert_refused(enqueue!(tx, Mail { id: 2 }).await);
                    Ok(())
                });
                assert_not_stored(refused);
                Ok(())
            }

            #[$($kind)::+]
            async fn another_connection_is_refused() {
                let table = $table.await;
                let mut owned = open(table.url()).await;
                let mut other = open(table.url()).await;
                let $from = &mut owned;
                let one = $give;
                let $from = &mut other;
                beside(one, $give).await.unwrap();
                assert_eq!(table.ids().await, [1]);
            }

            #[commit_on_success(tx = conn)]
            async fn configures(conn: $source) -> Result<(), Failure> {
                let stored = enqueue!(tx, Mail { id: 1 }).await?;
                let mail = Mail { id: 2 }.after(Duration::from_millis(90_500));
                let delayed = enqueue!(tx, mail.attempts(3).priority(2)).await?;
                assert!(delayed.id() > stored.id());
                Ok(())
            }

            #[$($kind)::+]
            async fn a_job_may_differ_from_its_kind() {
                let table = $table.await;
                let mut owned = open(table.url()).await;
                let $from = &mut owned;
                configures($give).await.unwrap();
                table.assert_configured().await;
            }
        }
    };
}

/// The same for a source of a sync driver.
macro_rules! on_sync {
    (
        $($kind:ident)::+, $module:ident, $table:expr, $owned:ty, |$url:ident| $open:expr,
        $source:ty, |$from:ident| $give:expr, |$tx:ident| $again:expr
    ) => {
        mod $module {
            use super::*;

            fn open($url: &str) -> $owned {
                $open
            }

            #[commit_on_success(tx = conn)]
            fn store(conn: $source, ids: &[i64], end: End) -> Result<(), Failure> {
                for &id in ids {
                    enqueue!(tx, Mail { id })?;
                }
                end.come()
            }

            #[$($kind)::+]
            fn a_job_is_stored_if_the_transaction_commits() {
                let table = table::block_on($table);
                let mut owned = open(&table.url());
                let $from = &mut owned;
                store($give, &[1, 2], End::Ok).unwrap();
                assert_eq!(table::block_on(table.ids()), [1, 2]);
                store($give, &[3], End::Err).unwrap_err();
                catch_unwind(AssertUnwindSafe(|| store($give, &[4], End::Panic))).unwrap_err();
                store($give, &[5], End::Ok).unwrap();
                assert_eq!(table::block_on(table.ids()), [1, 2, 5]);
            }

            #[commit_on_success($tx = conn)]
            fn nests(conn: $source) -> Result<(), Failure> {
                enqueue!($tx, Mail { id: 1 })?;
                let kept: Result<(), Failure> = transaction!(tx = $again => {
                    enqueue!(tx, Mail { id: 2 })?;
                    Ok(())
                });
                kept?;
                let undone: Result<(), Failure> = transaction!(tx = $again => {
                    enqueue!(tx, Mail { id: 3 })?;
                    Err(Failure::Body)
                });
                undone.unwrap_err();
                enqueue!($tx, Mail { id: 4 })?;
                Ok(())
            }

            #[$($kind)::+]
            fn a_savepoint_takes_its_jobs_with_it() {
                let table = table::block_on($table);
                let mut owned = open(&table.url());
                let $from = &mut owned;
                nests($give).unwrap();
                assert_eq!(table::block_on(table.ids()), [1, 2, 4]);
            }

            #[commit_on_success(tx = conn)]
            fn swallows(conn: $source) -> Result<(), Failure> {
                enqueue!(tx, Mail { id: 1 })?;
                assert_refused(enqueue!(tx, Mail { id: 2 }.priority(9)));
                Ok(())
            }

            #[$($kind)::+]
            fn ok_means_that_every_job_is_stored() {
                let table = table::block_on($table);
                let mut owned = open(&table.url());
                let $from = &mut owned;
                assert_not_stored(swallows($give));
                assert_eq!(table::block_on(table.ids()), [0; 0]);
                store($give, &[5], End::Ok).unwrap();
                assert_eq!(table::block_on(table.ids()), [5]);
            }

            #[commit_on_success(tx = conn)]
            fn beside(conn: $source, other: $source) -> Result<(), Failure> {
                enqueue!(tx, Mail { id: 1 })?;
                let refused: Result<(), Failure> = transaction!(_inner = other => {
                    assert_refused(enqueue!(tx, Mail { id: 2 }));
                    Ok(())
                });
                assert_not_stored(refused);
                Ok(())
            }

            #[$($kind)::+]
            fn another_connection_is_refused() {
                let table = table::block_on($table);
                let mut owned = open(&table.url());
                let mut other = open(&table.url());
                let $from = &mut owned;
                let one = $give;
                let $from = &mut other;
                beside(one, $give).unwrap();
                assert_eq!(table::block_on(table.ids()), [1]);
            }

            #[commit_on_success(tx = conn)]
            fn configures(conn: $source) -> Result<(), Failure> {
                let stored = enqueue!(tx, Mail { id: 1 })?;
                let mail = Mail { id: 2 }.after(Duration::from_millis(90_500));
                let delayed = enqueue!(tx, mail.attempts(3).priority(2))?;
                assert!(delayed.id() > stored.id());
                Ok(())
            }

            #[$($kind)::+]
            fn a_job_may_differ_from_its_kind() {
                let table = table::block_on($table);
                let mut owned = open(&table.url());
                let $from = &mut owned;
                configures($give).unwrap();
                table::block_on(table.assert_configured());
            }
        }
    };
}

on_async!(
    tokio::test,
    sqlx_sqlite,
    Table::on_sqlite(),
    SqliteConnection,
    |url| SqliteConnection::connect(&url).await.unwrap(),
    &mut SqliteConnection,
    |owned| &mut *owned,
    |tx| &mut *tx
);
on_async!(
    tokio::test,
    sqlx_sqlite_pool,
    Table::on_sqlite(),
    SqlitePool,
    |url| SqlitePool::connect(&url).await.unwrap(),
    &SqlitePool,
    |owned| &*owned,
    |tx| &mut *tx
);
on_async!(
    tokio::test,
    sqlx_sqlite_handle,
    Table::on_sqlite(),
    Db<Sqlite>,
    |url| Db::new(SqlitePool::connect(&url).await.unwrap()),
    &Db<Sqlite>,
    |owned| &*owned,
    |tx| tx
);
on_async!(
    commit_on_success_test_macros::server_test,
    sqlx_postgres,
    Table::on_postgres(),
    PgConnection,
    |url| PgConnection::connect(&url).await.unwrap(),
    &mut PgConnection,
    |owned| &mut *owned,
    |tx| &mut *tx
);
on_async!(
    commit_on_success_test_macros::server_test,
    sqlx_postgres_pool,
    Table::on_postgres(),
    PgPool,
    |url| PgPool::connect(&url).await.unwrap(),
    &PgPool,
    |owned| &*owned,
    |tx| &mut *tx
);
on_async!(
    commit_on_success_test_macros::server_test,
    sqlx_postgres_handle,
    Table::on_postgres(),
    Db<Postgres>,
    |url| Db::new(PgPool::connect(&url).await.unwrap()),
    &Db<Postgres>,
    |owned| &*owned,
    |tx| tx
);
on_async!(
    tokio::test,
    sea_orm_sqlite,
    Table::on_sqlite(),
    DatabaseConnection,
    |url| Database::connect(url).await.unwrap(),
    &DatabaseConnection,
    |owned| &*owned,
    |tx| tx
);
on_async!(
    tokio::test,
    sea_orm_sqlite_handle,
    Table::on_sqlite(),
    Handle<DatabaseConnection>,
    |url| Handle::new(Database::connect(url).await.unwrap()),
    &Handle<DatabaseConnection>,
    |owned| &*owned,
    |tx| tx
);
on_async!(
    commit_on_success_test_macros::server_test,
    sea_orm_postgres,
    Table::on_postgres(),
    DatabaseConnection,
    |url| Database::connect(url).await.unwrap(),
    &DatabaseConnection,
    |owned| &*owned,
    |tx| tx
);
on_async!(
    commit_on_success_test_macros::server_test,
    sea_orm_postgres_handle,
    Table::on_postgres(),
    Handle<DatabaseConnection>,
    |url| Handle::new(Database::connect(url).await.unwrap()),
    &Handle<DatabaseConnection>,
    |owned| &*owned,
    |tx| tx
);
on_async!(
    commit_on_success_test_macros::server_test,
    diesel_async_postgres,
    Table::on_postgres(),
    AsyncPgConnection,
    |url| AsyncPgConnection::establish(&url).await.unwrap(),
    &mut AsyncPgConnection,
    |owned| &mut *owned,
    |tx| &mut *tx
);
on_async!(
    tokio::test,
    diesel_async_sqlite,
    Table::on_sqlite(),
    SyncConnectionWrapper<diesel::SqliteConnection>,
    |url| SyncConnectionWrapper::establish(path(&url)).await.unwrap(),
    &mut SyncConnectionWrapper<diesel::SqliteConnection>,
    |owned| &mut *owned,
    |tx| &mut *tx
);
on_async!(
    commit_on_success_test_macros::server_test,
    diesel_async_deadpool,
    Table::on_postgres(),
    deadpool::Pool<AsyncPgConnection>,
    |url| deadpool::Pool::builder(AsyncDieselConnectionManager::new(url))
        .build()
        .unwrap(),
    &deadpool::Pool<AsyncPgConnection>,
    |owned| &*owned,
    |tx| &mut *tx
);
on_async!(
    commit_on_success_test_macros::server_test,
    diesel_async_deadpool_handle,
    Table::on_postgres(),
    Handle<deadpool::Pool<AsyncPgConnection>>,
    |url| Handle::new(
        deadpool::Pool::builder(AsyncDieselConnectionManager::new(url))
            .build()
            .unwrap()
    ),
    &Handle<deadpool::Pool<AsyncPgConnection>>,
    |owned| &*owned,
    |tx| tx
);
on_async!(
    commit_on_success_test_macros::server_test,
    diesel_async_bb8_handle,
    Table::on_postgres(),
    Handle<bb8::Pool<AsyncPgConnection>>,
    |url| Handle::new(
        bb8::Pool::builder()
            .build(AsyncDieselConnectionManager::new(url))
            .await
            .unwrap()
    ),
    &Handle<bb8::Pool<AsyncPgConnection>>,
    |owned| &*owned,
    |tx| tx
);
on_async!(
    commit_on_success_test_macros::server_test,
    tokio_postgres,
    Table::on_postgres(),
    ::tokio_postgres::Client,
    |url| connected(&url).await,
    &mut ::tokio_postgres::Client,
    |owned| &mut *owned,
    |tx| &mut *tx
);
on_async!(
    commit_on_success_test_macros::server_test,
    deadpool_postgres,
    Table::on_postgres(),
    ::deadpool_postgres::Pool,
    |url| pooled(&url),
    &::deadpool_postgres::Pool,
    |owned| &*owned,
    |tx| &mut *tx
);
on_async!(
    commit_on_success_test_macros::server_test,
    deadpool_postgres_handle,
    Table::on_postgres(),
    Handle<::deadpool_postgres::Pool>,
    |url| Handle::new(pooled(&url)),
    &Handle<::deadpool_postgres::Pool>,
    |owned| &*owned,
    |tx| tx
);
on_sync!(
    test,
    rusqlite,
    Table::on_sqlite(),
    ::rusqlite::Connection,
    |url| ::rusqlite::Connection::open(path(url)).unwrap(),
    &mut ::rusqlite::Connection,
    |owned| &mut *owned,
    |tx| &mut *tx
);
on_sync!(
    test,
    rusqlite_shared,
    Table::on_sqlite(),
    ::rusqlite::Connection,
    |url| ::rusqlite::Connection::open(path(url)).unwrap(),
    &::rusqlite::Connection,
    |owned| &*owned,
    |tx| tx
);
on_sync!(
    test,
    diesel_sqlite,
    Table::on_sqlite(),
    diesel::SqliteConnection,
    |url| diesel::Connection::establish(path(url)).unwrap(),
    &mut diesel::SqliteConnection,
    |owned| &mut *owned,
    |tx| &mut *tx
);
on_sync!(
    commit_on_success_test_macros::sync_server_test,
    diesel_postgres,
    Table::on_postgres(),
    diesel::PgConnection,
    |url| diesel::Connection::establish(url).unwrap(),
    &mut diesel::PgConnection,
    |owned| &mut *owned,
    |tx| &mut *tx
);
on_sync!(
    test,
    rusqlite_handle,
    Table::on_sqlite(),
    commit_on_success::rusqlite::Db<Box<::rusqlite::Connection>>,
    |url| {
        let path = path(url).to_owned();
        commit_on_success::rusqlite::Db::new(move || {
            ::rusqlite::Connection::open(&path).map(Box::new)
        })
    },
    &commit_on_success::rusqlite::Db<Box<::rusqlite::Connection>>,
    |owned| &*owned,
    |tx| tx
);
on_sync!(
    commit_on_success_test_macros::sync_server_test,
    diesel_handle,
    Table::on_postgres(),
    commit_on_success::drivers::diesel::Db<diesel::PgConnection>,
    |url| commit_on_success::drivers::diesel::Db::new(
        diesel::r2d2::Pool::new(diesel::r2d2::ConnectionManager::new(url)).unwrap()
    ),
    &commit_on_success::drivers::diesel::Db<diesel::PgConnection>,
    |owned| &*owned,
    |tx| tx
);
on_sync!(
    commit_on_success_test_macros::sync_server_test,
    postgres,
    Table::on_postgres(),
    ::postgres::Client,
    |url| ::postgres::Client::connect(url, ::postgres::NoTls).unwrap(),
    &mut ::postgres::Client,
    |owned| &mut *owned,
    |tx| &mut *tx
);

#[commit_on_success(tx = db)]
async fn side_by_side(db: &Db<Sqlite>, all: bool) -> Result<(), Failure> {
    let (one, other) = join!(enqueue!(db, Mail { id: 1 }), enqueue!(db, Mail { id: 2 }));
    one?;
    other?;
    let left = enqueue!(db, Mail { id: 3 });
    enqueue!(db, Mail { id: 4 }).await?;
    if all {
        left.await?;
    } else {
        std::mem::forget(left);
    }
    Ok(())
}

#[tokio::test]
async fn of_jobs_beside_each_other_every_one_is_waited_for() {
    let table = Table::on_sqlite().await;
    let db = Db::new(SqlitePool::connect(&table.url()).await.unwrap());
    assert_not_stored(side_by_side(&db, false).await);
    assert_eq!(table.ids().await, [0; 0]);
    side_by_side(&db, true).await.unwrap();
    assert_eq!(table.ids().await, [1, 2, 3, 4]);
}

async fn connected(url: &str) -> ::tokio_postgres::Client {
    let (client, connection) = ::tokio_postgres::connect(url, ::tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

fn pooled(url: &str) -> ::deadpool_postgres::Pool {
    let manager = ::deadpool_postgres::Manager::new(url.parse().unwrap(), ::tokio_postgres::NoTls);
    ::deadpool_postgres::Pool::builder(manager).build().unwrap()
}
