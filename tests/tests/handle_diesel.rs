//! The handle of a pool of r2d2 with connections of diesel, on each database.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use commit_on_success::diesel::Db;
use commit_on_success::testing::TestTransaction;
use commit_on_success::{ErrorKind, commit_on_success, defer, outside, transaction};
use commit_on_success_tests::servers;
use commit_on_success_tests::with_diesel::{Failure, Id, sqlite_file};
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};

/// A name that no other test uses.
fn unique() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("handle_diesel_{}_{number}", std::process::id())
}

/// The tests of a database.
macro_rules! on {
    ($test:meta, $module:ident, $connection:ty, $url:expr) => {
        mod $module {
            use super::*;

            type Conn = $connection;
            type Handle = Db<Conn>;

            struct Database {
                db: Handle,
                table: String,
            }

            impl Database {
                fn open(size: u32) -> Self {
                    let pool = Pool::builder()
                        .max_size(size)
                        .min_idle(Some(0))
                        .connection_timeout(Duration::from_secs(2))
                        .build(ConnectionManager::new($url))
                        .unwrap();
                    let table = unique();
                    let db = Db::new(pool);
                    let table_sql = format!("CREATE TABLE {table} (id BIGINT PRIMARY KEY)");
                    execute(&db, &table_sql).unwrap();
                    Self { db, table }
                }

                fn committed(&self) -> Vec<i64> {
                    rows(&mut self.db.pool().get().unwrap(), &self.table).unwrap()
                }

                fn end(self) {
                    execute(&self.db, &format!("DROP TABLE {}", self.table)).unwrap();
                }
            }

            fn execute(db: &Handle, sql: &str) -> Result<(), Failure> {
                db.with(|conn| Ok(diesel::sql_query(sql).execute(conn).map(drop)?))
            }

            fn insert_on(conn: &mut Conn, table: &str, id: i64) -> Result<(), Failure> {
                let sql = format!("INSERT INTO {table} VALUES ({id})");
                Ok(diesel::sql_query(sql).execute(conn).map(drop)?)
            }

            fn insert(db: &Handle, table: &str, id: i64) -> Result<(), Failure> {
                db.with(|conn| insert_on(conn, table, id))
            }

            fn rows(conn: &mut Conn, table: &str) -> Result<Vec<i64>, Failure> {
                let query = diesel::sql_query(format!("SELECT id FROM {table} ORDER BY id"));
                let ids: Vec<Id> = query.load(conn)?;
                Ok(ids.into_iter().map(|row| row.id).collect())
            }

            #[commit_on_success(tx = db)]
            fn block(db: &Handle, table: &str, id: i64, succeeds: bool) -> Result<(), Failure> {
                insert(db, table, id)?;
                if succeeds { Ok(()) } else { Err(Failure::Body) }
            }

            #[commit_on_success(tx = db)]
            fn blocks(db: &Handle, table: &str) -> Result<(), Failure> {
                tx.with(|conn| insert_on(conn, table, 1))?;
                block(&db.clone(), table, 2, false).unwrap_err();
                block(db, table, 3, true)?;
                insert(db, table, 5)?;
                let (db, table) = (db.clone(), table.to_owned());
                defer!(move || insert(&db, &table, 4));
                Ok(())
            }

            #[commit_on_success]
            fn on(conn: &mut Conn, table: &str, id: i64) -> Result<(), Failure> {
                insert_on(conn, table, id)?;
                if id < 10 { Ok(()) } else { Err(Failure::Body) }
            }

            #[$test]
            fn statements_are_in_the_block_around_them() {
                let database = Database::open(1);
                let Database { db, table } = &database;
                blocks(db, table).unwrap();
                assert_eq!(database.committed(), [1, 3, 4, 5]);
                block(db, table, 6, false).unwrap_err();
                let panics: Result<(), _> = catch_unwind(AssertUnwindSafe(|| {
                    let _: Result<(), Failure> = transaction!(tx = db => {
                        insert(tx, table, 7)?;
                        tx.with(|_| panic!("the closure"))
                    });
                }));
                panics.unwrap_err();
                assert_eq!(database.committed(), [1, 3, 4, 5]);
                insert(db, table, 8).unwrap();
                assert_eq!(database.committed(), [1, 3, 4, 5, 8]);
                database.end();
            }

            #[$test]
            fn what_is_given_the_connection_is_a_savepoint() {
                let database = Database::open(1);
                let Database { db, table } = &database;
                let done: Result<(), Failure> = transaction!(tx = db => {
                    tx.with(|conn| {
                        on(conn, table, 1)?;
                        on(conn, table, 10).unwrap_err();
                        insert_on(conn, table, 2)
                    })?;
                    tx.with(|conn| conn.transaction(|conn| insert_on(conn, table, 3)))?;
                    block(db, table, 4, true)
                });
                done.unwrap();
                assert_eq!(database.committed(), [1, 2, 3, 4]);
                let failed: Result<(), Failure> = transaction!(tx = db => {
                    tx.with(|conn| on(conn, table, 5))?;
                    Err(Failure::Body)
                });
                failed.unwrap_err();
                assert_eq!(database.committed(), [1, 2, 3, 4]);
                database.end();
            }

            #[$test]
            fn inside_of_a_closure_the_handle_is_refused() {
                let database = Database::open(2);
                let Database { db, table } = &database;
                let busy = |result: Result<(), Failure>| {
                    assert_eq!(result.unwrap_err().kind(), ErrorKind::Busy);
                };
                let alone: Result<(), Failure> = db.with(|conn| {
                    busy(insert(db, table, 10));
                    busy(block(db, table, 10, true));
                    insert_on(conn, table, 1)
                });
                alone.unwrap();
                let in_block: Result<(), Failure> = transaction!(tx = db => {
                    tx.with(|conn| {
                        busy(insert(db, table, 10));
                        busy(block(db, table, 10, true));
                        insert_on(conn, table, 2)
                    })?;
                    insert(db, table, 3)
                });
                in_block.unwrap();
                let on_its_connection: Result<(), Failure> = db.with(|conn| {
                    transaction!(tx = conn => {
                        busy(insert(db, table, 10));
                        insert_on(tx, table, 4)
                    })
                });
                on_its_connection.unwrap();
                assert_eq!(database.committed(), [1, 2, 3, 4]);
                database.end();
            }

            #[$test]
            fn a_block_on_the_pool_itself_refuses_the_handle() {
                let database = Database::open(2);
                let Database { db, table } = &database;
                let statement: Result<(), Failure> = transaction!(tx = db.pool() => {
                    insert_on(tx, table, 1)?;
                    insert(db, table, 2)
                });
                assert_eq!(statement.unwrap_err().kind(), ErrorKind::BesideBlock);
                let nested: Result<(), Failure> = transaction!(tx = db.pool().get().unwrap() => {
                    insert_on(tx, table, 1)?;
                    block(db, table, 2, true)
                });
                assert_eq!(nested.unwrap_err().kind(), ErrorKind::BesideBlock);
                assert_eq!(database.committed(), [0; 0]);
                database.end();
            }

            #[$test]
            fn a_handle_that_requires_a_transaction_is_refused_without() {
                let database = Database::open(1);
                let table = &database.table;
                let required: Handle = Db::required(database.db.pool().clone());
                let refused = insert(&required, table, 1).unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::NotInTransaction);
                block(&required, table, 2, true).unwrap();
                let test = TestTransaction::begin(&required).unwrap();
                let refused = insert(&required, table, 3).unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::NotInTransaction);
                block(&required, table, 3, true).unwrap();
                test.rollback().unwrap();
                assert_eq!(database.committed(), [2]);
                database.end();
            }

            #[$test]
            fn a_pool_that_has_no_connection_says_so() {
                let database = Database::open(1);
                let Database { db, table } = &database;
                let taken = db.pool().get().unwrap();
                assert_eq!(insert(db, table, 1).unwrap_err().kind(), ErrorKind::Acquire);
                let refused = block(db, table, 1, true).unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::Begin);
                drop(taken);
                insert(db, table, 2).unwrap();
                assert_eq!(database.committed(), [2]);
                database.end();
            }

            #[$test]
            fn what_is_outside_has_a_connection_of_its_own() {
                let database = Database::open(2);
                let Database { db, table } = &database;
                let seen = |db: &Handle| db.with(|conn| rows(conn, table)).unwrap();
                let done: Result<(), Failure> = transaction!(tx = db => {
                    insert(tx, table, 1)?;
                    assert_eq!(seen(db), [1]);
                    assert_eq!(outside::scope(|| seen(db)), [0; 0]);
                    std::thread::scope(|scope| {
                        scope.spawn(|| assert_eq!(seen(db), [0; 0])).join().unwrap();
                    });
                    assert_eq!(database.committed(), [0; 0]);
                    Ok(())
                });
                done.unwrap();
                assert_eq!(database.committed(), [1]);
                database.end();
            }

            #[$test]
            fn nothing_of_a_test_is_kept() {
                let database = Database::open(1);
                let Database { db, table } = &database;
                let test = TestTransaction::begin(db).unwrap();
                insert(db, table, 10).unwrap();
                blocks(db, table).unwrap();
                insert(db, table, 1).unwrap_err();
                let partly: Result<(), Failure> = db.with(|conn| {
                    insert_on(conn, table, 11)?;
                    conn.transaction(|conn| insert_on(conn, table, 11)).unwrap_err();
                    insert_on(conn, table, 12)
                });
                partly.unwrap();
                db.with(|conn| on(conn, table, 6)).unwrap();
                db.with(|conn| on(conn, table, 20)).unwrap_err();
                let all = [1, 3, 4, 5, 6, 10, 11, 12];
                assert_eq!(db.with(|conn| rows(conn, table)).unwrap(), all);
                let panics: Result<Result<(), Failure>, _> =
                    catch_unwind(AssertUnwindSafe(|| db.with(|_| panic!("the closure"))));
                panics.unwrap_err();
                assert_eq!(db.with(|conn| rows(conn, table)).unwrap(), all);
                test.rollback().unwrap();
                assert_eq!(database.committed(), [0; 0]);
                insert(db, table, 5).unwrap();
                assert_eq!(database.committed(), [5]);
                database.end();
            }

            #[$test]
            fn a_test_that_ends_inside_of_a_closure_is_not_kept() {
                let database = Database::open(2);
                let Database { db, table } = &database;
                let test = TestTransaction::begin(db).unwrap();
                insert(db, table, 1).unwrap();
                let refused: Result<(), Failure> = db.with(|_| {
                    let refused = test.rollback().unwrap_err();
                    assert_eq!(refused.kind(), ErrorKind::Rollback);
                    Ok(())
                });
                refused.unwrap();
                assert_eq!(database.committed(), [0; 0]);
                insert(db, table, 2).unwrap();
                assert_eq!(database.committed(), [2]);
                database.end();
            }
        }
    };
}

on!(test, on_sqlite, SqliteConnection, super::sqlite_file());
on!(
    commit_on_success_test_macros::sync_server_test,
    on_postgres,
    PgConnection,
    super::servers::postgres()
);
on!(
    commit_on_success_test_macros::sync_server_test,
    on_mariadb,
    MysqlConnection,
    super::servers::mysql()
);

#[commit_on_success(tx = db)]
fn increment(db: &Db<PgConnection>, table: &str) -> Result<(), Failure> {
    let sql = format!("UPDATE {table} SET id = id + 1");
    db.with(|conn| Ok(diesel::sql_query(sql).execute(conn).map(drop)?))
}

#[commit_on_success_test_macros::sync_server_test]
fn a_block_is_of_the_pool_of_its_handle() {
    let url = servers::postgres();
    let pool = Pool::builder()
        .max_size(1)
        .build(ConnectionManager::new(url));
    let db: Db<PgConnection> = Db::new(pool.unwrap());
    let file = Pool::builder()
        .max_size(1)
        .build(ConnectionManager::new(sqlite_file()));
    let other: Db<SqliteConnection> = Db::new(file.unwrap());
    let table = unique();
    let create = |sql: String| db.with(|conn| diesel::sql_query(sql).execute(conn));
    create(format!("CREATE TABLE {table} AS SELECT 1::BIGINT AS id")).unwrap();
    let inner: Result<(), Failure> = transaction!(tx = &other => {
        tx.with(|conn| diesel::sql_query("CREATE TABLE item (id)").execute(conn).map(drop).map_err(Failure::Diesel))?;
        increment(&db, &table)?;
        Err(Failure::Body)
    });
    inner.unwrap_err();
    let id: Vec<Id> = db
        .with(|conn| diesel::sql_query(format!("SELECT id FROM {table}")).load(conn))
        .unwrap();
    assert_eq!(id[0].id, 2);
    create(format!("DROP TABLE {table}")).unwrap();
}
