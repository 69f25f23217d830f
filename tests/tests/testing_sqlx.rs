//! Transactions of tests, on sqlx: always rolled back, and not noticed by what runs inside.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use commit_on_success::signals::{Committed, RolledBack, post_commit, post_rollback};
use commit_on_success::testing::{AsyncTestTransaction, capture_async};
use commit_on_success::{
    __private, Error, Options, Propagation, Site, commit_on_success, defer, in_transaction,
    set_rollback,
};
use commit_on_success_tests::journal::{Failure, Journal};
use commit_on_success_tests::polling::poll_once;
use commit_on_success_tests::scripted::pause;
use commit_on_success_tests::servers;
use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

/// Much longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A name that no other test uses.
fn unique() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("testing_{}_{number}", std::process::id())
}

#[derive(Clone, Copy, Debug)]
enum End {
    Ok,
    Err,
    SetRollback,
}

fn end(how: End) -> Result<(), Failure> {
    match how {
        End::Ok => {}
        End::Err => return Err(Failure::Body("no")),
        End::SetRollback => set_rollback().unwrap(),
    }
    Ok(())
}

async fn call_later(journal: Journal, name: &'static str) {
    pause(1).await;
    assert!(!in_transaction());
    journal.note(name);
}

/// Drops a function that does not end, once it has written something down.
async fn cancel(function: impl Future, journal: &Journal) {
    let mut function = pin!(function);
    let deadline = Instant::now() + PATIENCE;
    while journal.lines().is_empty() {
        assert!(Instant::now() < deadline);
        assert!(poll_once(function.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
}

static SITE: Site = Site {
    function: "by_hand",
    module: "testing_sqlx",
    file: file!(),
    line: line!(),
    column: 1,
};

/// A macro, because the databases differ in nothing but types, about which generic code could not be written
/// without naming a dozen bounds.
macro_rules! on {
    ($kind:meta, $module:ident, $pool:ty, $connection:ty, $open:expr) => {
        mod $module {
            use super::*;

            /// A table of its own, with a pool of one connection for the tests and another to look.
            struct Database {
                pool: $pool,
                other: $pool,
                table: String,
                _kept: Option<tempfile::TempDir>,
            }

            impl Database {
                async fn new() -> Self {
                    let (pool, other, _kept) = $open.await;
                    let table = unique();
                    let create =
                        AssertSqlSafe(format!("CREATE TABLE {table} (id BIGINT PRIMARY KEY)"));
                    sqlx::query(create).execute(&pool).await.unwrap();
                    Self {
                        pool,
                        other,
                        table,
                        _kept,
                    }
                }

                async fn committed(&self) -> Vec<i64> {
                    let mut conn = self.other.acquire().await.unwrap();
                    rows(&mut conn, &self.table).await
                }

                async fn end(self) {
                    assert_eq!(self.committed().await, [0; 0]);
                    let drop = AssertSqlSafe(format!("DROP TABLE {}", self.table));
                    sqlx::query(drop).execute(&self.pool).await.unwrap();
                    self.pool.close().await;
                    self.other.close().await;
                }
            }

            async fn rows(conn: &mut $connection, table: &str) -> Vec<i64> {
                let sql = AssertSqlSafe(format!("SELECT id FROM {table} ORDER BY id"));
                sqlx::query_scalar(sql).fetch_all(conn).await.unwrap()
            }

            async fn insert(
                conn: &mut $connection,
                table: &str,
                row: i64,
            ) -> Result<(), sqlx::Error> {
                let sql = AssertSqlSafe(format!("INSERT INTO {table} (id) VALUES ({row})"));
                sqlx::query(sql).execute(conn).await?;
                Ok(())
            }

            #[commit_on_success]
            async fn store(
                conn: &mut $connection,
                table: &str,
                journal: &Journal,
                row: i64,
                how: End,
            ) -> Result<(), Failure> {
                insert(conn, table, row).await?;
                defer!(call_later(journal.clone(), "call").await);
                let copy = journal.clone();
                let handler = move |event: &Committed| {
                    copy.note(format!("committed, nesting {}", event.nesting));
                };
                post_commit().connect(handler).unwrap();
                let copy = journal.clone();
                let handler = move |event: &RolledBack| {
                    copy.note(format!("{:?}, nesting {}", event.cause, event.nesting));
                };
                post_rollback().connect(handler).unwrap();
                end(how)
            }

            #[$kind]
            async fn functions_inside_run_their_deferred_calls_at_their_end_and_nothing_stays() {
                let database = Database::new().await;
                let (pool, table) = (&database.pool, &database.table);
                let mut conn = pool.acquire().await.unwrap();
                let mut test = AsyncTestTransaction::begin(&mut *conn).await.unwrap();
                let journal = Journal::default();
                for row in [1, 2] {
                    store(test.connection(), table, &journal, row, End::Ok)
                        .await
                        .unwrap();
                }
                let once = ["call", "committed, nesting 0"];
                assert_eq!(journal.lines(), [once, once].concat());
                assert_eq!(rows(test.connection(), table).await, [1, 2]);
                assert_eq!(database.committed().await, [0; 0]);
                test.rollback().await.unwrap();
                assert_eq!(rows(&mut conn, table).await, [0; 0]);
                drop(conn);
                database.end().await;
            }

            #[$kind]
            async fn a_function_that_fails_rolls_back_itself_only() {
                let database = Database::new().await;
                let table = &database.table;
                let mut test = AsyncTestTransaction::begin(&database.pool).await.unwrap();
                insert(test.connection(), table, 1).await.unwrap();
                for (how, line) in [
                    (End::Err, "Error, nesting 0"),
                    (End::SetRollback, "Requested, nesting 0"),
                ] {
                    let journal = Journal::default();
                    let stored = store(test.connection(), table, &journal, 2, how).await;
                    assert_eq!(stored.is_err(), matches!(how, End::Err));
                    assert_eq!(journal.lines(), [line]);
                    assert_eq!(rows(test.connection(), table).await, [1]);
                }
                // A statement that fails; PostgreSQL then refuses all others, but for the savepoint.
                let journal = Journal::default();
                let error = store(test.connection(), table, &journal, 1, End::Ok).await;
                assert!(matches!(error, Err(Failure::Sqlx(_))), "{error:?}");
                store(test.connection(), table, &journal, 2, End::Ok)
                    .await
                    .unwrap();
                assert_eq!(rows(test.connection(), table).await, [1, 2]);
                test.rollback().await.unwrap();
                database.end().await;
            }

            #[commit_on_success]
            async fn outer(
                conn: &mut $connection,
                table: &str,
                journal: &Journal,
                inner: End,
            ) -> Result<(), Failure> {
                insert(conn, table, 1).await?;
                defer!(call_later(journal.clone(), "outer 1").await);
                let nested = store(conn, table, journal, 2, inner).await;
                assert_eq!(nested.is_err(), matches!(inner, End::Err));
                defer!(call_later(journal.clone(), "outer 2").await);
                Ok(())
            }

            #[$kind]
            async fn what_is_nested_inside_is_a_savepoint_as_ever() {
                let database = Database::new().await;
                let table = &database.table;
                let mut test = AsyncTestTransaction::begin(&database.pool).await.unwrap();
                let journal = Journal::default();
                outer(test.connection(), table, &journal, End::Ok)
                    .await
                    .unwrap();
                let expected = ["outer 1", "call", "committed, nesting 1", "outer 2"];
                assert_eq!(journal.lines(), expected);
                assert_eq!(rows(test.connection(), table).await, [1, 2]);
                drop(test);

                let mut test = AsyncTestTransaction::begin(&database.pool).await.unwrap();
                let left = rows(test.connection(), table).await;
                assert_eq!(left, [0; 0], "dropping it rolls back");
                let journal = Journal::default();
                outer(test.connection(), table, &journal, End::Err)
                    .await
                    .unwrap();
                let expected = ["Error, nesting 1", "outer 1", "outer 2"];
                assert_eq!(journal.lines(), expected);
                assert_eq!(rows(test.connection(), table).await, [1]);
                test.rollback().await.unwrap();
                database.end().await;
            }

            async fn durable(conn: &mut $connection, table: &str, row: i64) -> Result<(), Error> {
                let options = Options::new().propagation(Propagation::Durable);
                let mut place = None;
                let scope = __private::begin_async(conn, &mut place, &SITE, options).await?;
                let (handle, running) = scope.enter();
                let mut returned = running.run(insert(handle, table, row)).await;
                let end = returned.__commit_or_rollback_async(scope).await;
                end.map(Result::unwrap)
            }

            #[$kind]
            async fn a_durable_block_takes_itself_for_the_outermost() {
                let database = Database::new().await;
                let table = &database.table;
                let mut test = AsyncTestTransaction::begin(&database.pool).await.unwrap();
                durable(test.connection(), table, 1).await.unwrap();
                assert_eq!(rows(test.connection(), table).await, [1]);
                test.rollback().await.unwrap();
                database.end().await;
            }

            #[$kind]
            async fn by_value_moved_captured_and_dropped_it_gives_back_a_clean_connection() {
                let database = Database::new().await;
                let table = &database.table;
                let owned = database.pool.acquire().await.unwrap();
                let test = AsyncTestTransaction::begin(owned).await.unwrap();
                let mut moved = Box::new(test);
                let journal = Journal::default();
                store(moved.connection(), table, &journal, 1, End::Ok)
                    .await
                    .unwrap();
                assert_eq!(journal.lines(), ["call", "committed, nesting 0"]);
                let mut again = *moved;
                let stored = store(again.connection(), table, &journal, 2, End::Ok);
                let (stored, calls) = capture_async(stored).await;
                stored.unwrap();
                assert_eq!((calls.len(), journal.lines().len()), (2, 2));
                assert!(calls.run_async().await.is_empty());
                assert_eq!(journal.lines().len(), 4);
                drop(again);

                let mut conn = database.pool.acquire().await.unwrap();
                assert_eq!(rows(&mut conn, table).await, [0; 0]);
                drop(conn);
                database.end().await;
            }

            #[commit_on_success]
            async fn never_ends(
                conn: &mut $connection,
                table: &str,
                journal: &Journal,
            ) -> Result<(), Failure> {
                let copy = journal.clone();
                let handler = move |event: &RolledBack| copy.note(event.cause.to_string());
                post_rollback().connect(handler).unwrap();
                insert(conn, table, 2).await?;
                journal.note("inserted");
                std::future::pending::<()>().await;
                Ok(())
            }

            #[$kind]
            async fn a_function_inside_that_is_cancelled_leaves_nothing_to_the_test() {
                let database = Database::new().await;
                let table = &database.table;
                let mut test = AsyncTestTransaction::begin(&database.pool).await.unwrap();
                let journal = Journal::default();
                insert(test.connection(), table, 1).await.unwrap();
                cancel(never_ends(test.connection(), table, &journal), &journal).await;
                assert_eq!(journal.lines(), ["inserted", "the future was dropped"]);
                let calls = Journal::default();
                store(test.connection(), table, &calls, 3, End::Ok)
                    .await
                    .unwrap();
                assert_eq!(calls.lines(), ["call", "committed, nesting 0"]);
                assert_eq!(rows(test.connection(), table).await, [1, 3]);
                test.rollback().await.unwrap();
                database.end().await;
            }

            #[$kind]
            async fn a_test_that_takes_the_place_of_another_is_not_taken_for_it() {
                let database = Database::new().await;
                let second = Database::new().await;
                let journal = Journal::default();
                let owned = database.pool.acquire().await.unwrap();
                let mut place = Some(AsyncTestTransaction::begin(owned).await.unwrap());
                let one = place.as_mut().unwrap().connection();
                store(one, &database.table, &journal, 1, End::Ok)
                    .await
                    .unwrap();
                let mut moved = Box::new(place.take().unwrap());
                let owned = second.pool.acquire().await.unwrap();
                place = Some(AsyncTestTransaction::begin(owned).await.unwrap());
                let here = place.as_mut().unwrap();
                let calls = Journal::default();
                cancel(never_ends(here.connection(), &second.table, &calls), &calls).await;

                // The function that was dropped in the other test is not looked for in this one.
                store(moved.connection(), &database.table, &journal, 2, End::Ok)
                    .await
                    .unwrap();
                assert_eq!(rows(moved.connection(), &database.table).await, [1, 2]);
                store(here.connection(), &second.table, &journal, 3, End::Ok)
                    .await
                    .unwrap();
                assert_eq!(rows(here.connection(), &second.table).await, [3]);
                moved.rollback().await.unwrap();
                store(here.connection(), &second.table, &journal, 4, End::Ok)
                    .await
                    .unwrap();
                assert_eq!(rows(here.connection(), &second.table).await, [3, 4]);
                place.take().unwrap().rollback().await.unwrap();
                database.end().await;
                second.end().await;
            }

            #[$kind]
            async fn several_at_once_do_not_know_of_each_other() {
                let database = Database::new().await;
                let second = Database::new().await;
                let mut one = AsyncTestTransaction::begin(&database.pool).await.unwrap();
                let mut two = AsyncTestTransaction::begin(&second.pool).await.unwrap();
                let journal = Journal::default();
                let (first, other) = futures_util::join!(
                    store(one.connection(), &database.table, &journal, 1, End::Ok),
                    store(two.connection(), &second.table, &journal, 1, End::Err),
                );
                first.unwrap();
                other.unwrap_err();
                assert_eq!(journal.lines().len(), 3);
                one.rollback().await.unwrap();
                let calls = Journal::default();
                store(two.connection(), &second.table, &calls, 2, End::Ok)
                    .await
                    .unwrap();
                assert_eq!(calls.lines().len(), 2, "the other goes on");
                assert_eq!(rows(two.connection(), &second.table).await, [2]);
                two.rollback().await.unwrap();
                database.end().await;
                second.end().await;
            }
        }
    };
}

on!(
    tokio::test,
    sqlite,
    sqlx::SqlitePool,
    sqlx::SqliteConnection,
    async {
        let kept = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(kept.path().join("database"))
            .create_if_missing(true);
        let pool = || SqlitePoolOptions::new().max_connections(1);
        let connected = pool().connect_with(options.clone()).await.unwrap();
        let other = pool().connect_with(options).await.unwrap();
        (connected, other, Some(kept))
    }
);

on!(
    commit_on_success_test_macros::server_test,
    postgres,
    sqlx::PgPool,
    sqlx::PgConnection,
    async {
        let url = servers::postgres();
        let pool = || PgPoolOptions::new().max_connections(1);
        let connected = pool().connect(&url).await.unwrap();
        let other = pool().connect(&url).await.unwrap();
        (connected, other, None)
    }
);

on!(
    commit_on_success_test_macros::server_test,
    mariadb,
    sqlx::MySqlPool,
    sqlx::MySqlConnection,
    async {
        let url = servers::mysql();
        let pool = || MySqlPoolOptions::new().max_connections(1);
        let connected = pool().connect(&url).await.unwrap();
        let other = pool().connect(&url).await.unwrap();
        (connected, other, None)
    }
);
