//! Deferred constraints in the transaction of a test: refused at the end of a function, as its commit would be.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::error::Error as StdError;
use std::sync::atomic::{AtomicUsize, Ordering};

use commit_on_success::testing::{AsyncTestTransaction, TestTransaction};
use commit_on_success::{Error, ErrorKind, Outcome, commit_on_success, defer};
use commit_on_success_tests::journal::Journal;
use commit_on_success_tests::servers;
use sqlx::{AssertSqlSafe, Connection as _};

type Failed = Box<dyn StdError + Send + Sync>;

/// Names of two tables that no other test uses.
fn unique() -> [String; 2] {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    ["parent", "child"].map(|name| format!("checks_{}_{number}_{name}", std::process::id()))
}

/// A table, and another one whose rows need a row in it at the end of a transaction.
fn tables([parent, child]: &[String; 2]) -> String {
    format!(
        "CREATE TABLE {parent} (id BIGINT PRIMARY KEY); \
         CREATE TABLE {child} (id BIGINT REFERENCES {parent} DEFERRABLE INITIALLY DEFERRED)"
    )
}

#[track_caller]
fn assert_refused(stored: Result<(), Failed>) {
    let error = stored.unwrap_err();
    let found = Error::find(&*error).unwrap_or_else(|| panic!("{error:?}"));
    assert_eq!(found.kind(), ErrorKind::Commit, "{found:?}");
    assert_eq!(found.outcome(), Outcome::RolledBack);
}

#[commit_on_success]
fn store(conn: &mut rusqlite::Connection, sql: &str, journal: &Journal) -> Result<(), Failed> {
    conn.execute_batch(sql)?;
    defer!(journal.clone().note("called"));
    Ok(())
}

#[test]
fn on_rusqlite_a_function_that_could_not_commit_fails_in_a_test_as_well() {
    let mut conn = rusqlite::Connection::open_in_memory().unwrap();
    let names = unique();
    let [parent, child] = &names;
    conn.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    conn.execute_batch(&tables(&names)).unwrap();
    let (journal, orphan) = (
        Journal::default(),
        format!("INSERT INTO {child} VALUES (1)"),
    );
    assert_refused(store(&mut conn, &orphan, &journal));

    let mut test = TestTransaction::begin(&mut conn).unwrap();
    assert_refused(store(test.connection(), &orphan, &journal));
    assert!(journal.lines().is_empty());
    let both = format!("{orphan}; INSERT INTO {parent} VALUES (1)");
    store(test.connection(), &both, &journal).unwrap();
    assert_eq!(journal.lines(), ["called"]);
    // A constraint that was checked is deferred again.
    let other_order = format!("INSERT INTO {child} VALUES (2); INSERT INTO {parent} VALUES (2)");
    store(test.connection(), &other_order, &journal).unwrap();
    let count = format!("SELECT count(*) FROM {child}");
    let count: i64 = conn_count(test.connection(), &count);
    assert_eq!(count, 2);
    test.rollback().unwrap();
}

fn conn_count(conn: &rusqlite::Connection, sql: &str) -> i64 {
    conn.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// One database through sqlx.
macro_rules! on_sqlx {
    ($kind:meta, $test:ident, $connection:ty, $open:expr) => {
        #[$kind]
        async fn $test() {
            async fn execute(conn: &mut $connection, sql: &str) -> Result<(), sqlx::Error> {
                let sql = AssertSqlSafe(sql.to_owned());
                sqlx::raw_sql(sql).execute(conn).await.map(drop)
            }

            #[commit_on_success]
            async fn store(
                conn: &mut $connection,
                sql: &str,
                journal: &Journal,
            ) -> Result<(), Failed> {
                execute(conn, sql).await?;
                defer!(journal.clone().note("called"));
                Ok(())
            }

            let open = $open;
            let mut conn = open().await;
            let names = unique();
            let [parent, child] = &names;
            execute(&mut conn, &tables(&names)).await.unwrap();
            let (journal, orphan) = (
                Journal::default(),
                format!("INSERT INTO {child} VALUES (1)"),
            );
            assert_refused(store(&mut conn, &orphan, &journal).await);

            let mut test = AsyncTestTransaction::begin(&mut conn).await.unwrap();
            assert_refused(store(test.connection(), &orphan, &journal).await);
            assert!(journal.lines().is_empty());
            for id in [1, 2] {
                let both = format!(
                    "INSERT INTO {child} VALUES ({id}); INSERT INTO {parent} VALUES ({id})"
                );
                store(test.connection(), &both, &journal).await.unwrap();
            }
            assert_eq!(journal.lines(), ["called", "called"]);
            test.rollback().await.unwrap();
            let drop = format!("DROP TABLE {child}; DROP TABLE {parent}");
            execute(&mut conn, &drop).await.unwrap();
        }
    };
}

on_sqlx!(
    tokio::test,
    on_sqlx_sqlite_a_function_that_could_not_commit_fails_in_a_test_as_well,
    sqlx::SqliteConnection,
    async || sqlx::SqliteConnection::connect("sqlite::memory:")
        .await
        .unwrap()
);

on_sqlx!(
    commit_on_success_test_macros::server_test,
    on_sqlx_postgres_a_function_that_could_not_commit_fails_in_a_test_as_well,
    sqlx::PgConnection,
    async || {
        let url = servers::postgres();
        sqlx::PgConnection::connect(&url).await.unwrap()
    }
);
