//! Functions that are given a pool, a connection or a handle of diesel, whichever their caller has.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use commit_on_success::drivers::diesel::{Db, Source};
use commit_on_success::testing::TestTransaction;
use commit_on_success::{ErrorKind, commit_on_success, defer, transaction};
use commit_on_success_tests::servers;
use commit_on_success_tests::with_diesel::{Failure, Id, sqlite_file};
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};

/// The tests of a database.
macro_rules! on {
    ($test:meta, $module:ident, $connection:ty, $url:expr) => {
        mod $module {
            use super::*;

            type Conn = $connection;
            type Connections = Pool<ConnectionManager<Conn>>;

            /// A pool of one connection, and a table that it alone sees.
            fn open() -> Connections {
                let pool = Pool::builder().max_size(1);
                let pool = pool.build(ConnectionManager::new($url)).unwrap();
                let table = "CREATE TEMPORARY TABLE sourced (id BIGINT PRIMARY KEY)";
                diesel::sql_query(table)
                    .execute(&mut pool.get().unwrap())
                    .unwrap();
                pool
            }

            fn rows(conn: &mut Conn) -> Vec<i64> {
                let query = diesel::sql_query("SELECT id FROM sourced ORDER BY id");
                let ids: Vec<Id> = query.load(conn).unwrap();
                ids.into_iter().map(|row| row.id).collect()
            }

            fn stored(pool: &Connections) -> Vec<i64> {
                rows(&mut pool.get().unwrap())
            }

            fn insert(conn: &mut Conn, id: i64) -> Result<(), Failure> {
                let sql = format!("INSERT INTO sourced VALUES ({id})");
                Ok(diesel::sql_query(sql).execute(conn).map(drop)?)
            }

            /// Odd ones are fine.
            #[commit_on_success(tx = source.into())]
            fn store<'s>(
                source: impl Into<Source<'s, Conn>>,
                id: i64,
            ) -> Result<(), Failure> {
                insert(tx, id)?;
                if id % 2 == 1 { Ok(()) } else { Err(Failure::Body) }
            }

            #[commit_on_success(tx = source.into())]
            fn store_and_defer<'s>(
                source: impl Into<Source<'s, Conn>>,
                id: i64,
                pool: &Connections,
            ) -> Result<(), Failure> {
                insert(tx, id)?;
                let pool = pool.clone();
                defer!(move || insert(&mut pool.get().unwrap(), id + 1));
                Ok(())
            }

            #[$test]
            fn a_pool_is_a_transaction_that_gives_its_connection_back() {
                let pool = open();
                store(&pool, 1).unwrap();
                store(&pool, 2).unwrap_err();
                store_and_defer(&pool, 3, &pool).unwrap();
                store_and_defer(&Db::new(pool.clone()), 5, &pool).unwrap();
                assert_eq!(stored(&pool), [1, 3, 4, 5, 6]);
            }

            #[$test]
            fn a_connection_is_a_transaction_or_a_savepoint() {
                let pool = open();
                let mut pooled = pool.get().unwrap();
                store(&mut pooled, 1).unwrap();
                store(&mut pooled, 2).unwrap_err();
                let conn: &mut Conn = &mut pooled;
                store(&mut *conn, 3).unwrap();
                let nested = |conn: &mut Conn| -> Result<(), Failure> {
                    store(&mut *conn, 4).unwrap_err();
                    store(&mut *conn, 5)
                };
                conn.transaction(nested).unwrap();
                let undone = |conn: &mut Conn| -> Result<(), Failure> {
                    store(conn, 7)?;
                    Err(Failure::Body)
                };
                conn.transaction(undone).unwrap_err();
                assert_eq!(rows(conn), [1, 3, 5]);
            }

            #[$test]
            fn a_handle_is_a_transaction_or_a_savepoint() {
                let pool = open();
                let db = Db::new(pool.clone());
                store(&db, 1).unwrap();
                store(&db, 2).unwrap_err();
                let done: Result<(), Failure> = transaction!(tx = &db => {
                    store(tx, 3)?;
                    store(tx, 4).unwrap_err();
                    tx.with(|conn| store(conn, 5))?;
                    assert_eq!(tx.with(|conn| Ok::<_, Failure>(rows(conn)))?, [1, 3, 5]);
                    Ok(())
                });
                done.unwrap();
                let undone: Result<(), Failure> = transaction!(tx = &db => {
                    store(tx, 7)?;
                    Err(Failure::Body)
                });
                undone.unwrap_err();
                assert_eq!(stored(&pool), [1, 3, 5]);
            }

            #[$test]
            fn a_handle_whose_connection_somebody_has_is_refused() {
                let pool = open();
                let db = Db::new(pool.clone());
                let refused: Result<(), Failure> = db.with(|conn| {
                    insert(conn, 1)?;
                    store(&db, 3)
                });
                assert_eq!(refused.unwrap_err().kind(), ErrorKind::Busy);
                let inside: Result<(), Failure> = transaction!(tx = &db => {
                    transaction!(leased = Source::from(tx) => {
                        insert(leased, 5)?;
                        store(&db, 7)
                    })
                });
                assert_eq!(inside.unwrap_err().kind(), ErrorKind::Busy);
                assert_eq!(stored(&pool), [1]);
            }

            #[$test]
            fn in_the_transaction_of_a_test_nothing_is_kept() {
                let pool = open();
                let db = Db::new(pool.clone());
                let test = TestTransaction::begin(&db).unwrap();
                store(&db, 1).unwrap();
                store(&db, 2).unwrap_err();
                assert_eq!(db.with(|conn| Ok::<_, Failure>(rows(conn))).unwrap(), [1]);
                test.rollback().unwrap();
                assert_eq!(stored(&pool), [0; 0]);
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
