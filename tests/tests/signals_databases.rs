//! Handlers of commit and rollback on real databases: when they run, the data is as they say.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use commit_on_success::signals::{Cause, Committed, RolledBack, post_commit, post_rollback};
use commit_on_success::{ErrorKind, commit_on_success, defer, in_transaction, set_rollback};
use commit_on_success_tests::journal::{Failure, Journal};
use commit_on_success_tests::polling::poll_once;
use commit_on_success_tests::servers;
use futures_util::FutureExt as _;
use sqlx::AssertSqlSafe;

/// Much longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A name that no other test uses.
fn unique() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("signals_{}_{number}", std::process::id())
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Ok,
    Err,
    SetRollback,
    Panic,
}

fn end(how: End) -> Result<(), Failure> {
    match how {
        End::Ok => {}
        End::Err => return Err(Failure::Body("no")),
        End::SetRollback => set_rollback().unwrap(),
        End::Panic => resume_unwind(Box::new("body")),
    }
    Ok(())
}

/// Both note that they have run, and with what.
fn connect(journal: &Journal, name: &'static str) {
    let ours = journal.clone();
    let handler = move |event: &Committed| {
        assert!(!in_transaction());
        let (function, nesting) = (event.site.function(), event.nesting);
        ours.note(format!("{name}: committed {function} {nesting}"));
    };
    post_commit().connect(handler).unwrap();
    let ours = journal.clone();
    let handler = move |event: &RolledBack| {
        assert!(!in_transaction());
        let (function, cause) = (event.site.function(), event.cause);
        ours.note(format!("{name}: rolled back {function} {cause:?}"));
    };
    post_rollback().connect(handler).unwrap();
}

fn cause_of(how: End) -> Cause {
    match how {
        End::Panic => Cause::Panic,
        End::SetRollback => Cause::Requested,
        _ => Cause::Error,
    }
}

mod on_rusqlite {
    use r2d2_sqlite::SqliteConnectionManager;
    use rusqlite::Connection;

    use super::*;

    type Pool = r2d2::Pool<SqliteConnectionManager>;

    struct Database(tempfile::TempDir);

    impl Database {
        fn new() -> Self {
            let database = Self(tempfile::tempdir().unwrap());
            let tables = "
                CREATE TABLE item (id INTEGER PRIMARY KEY);
                CREATE TABLE child (
                    item INTEGER REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED
                );
            ";
            database.connect().execute_batch(tables).unwrap();
            database
        }

        fn connect(&self) -> Connection {
            let conn = Connection::open(self.0.path().join("database")).unwrap();
            let pragmas = "PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON";
            conn.execute_batch(pragmas).unwrap();
            conn
        }

        /// Of one connection.
        fn pool(&self) -> Pool {
            let manager = SqliteConnectionManager::file(self.0.path().join("database"));
            r2d2::Pool::builder()
                .max_size(1)
                .connection_timeout(Duration::from_secs(3))
                .build(manager)
                .unwrap()
        }
    }

    fn rows(conn: &Connection) -> Vec<i64> {
        let mut statement = conn.prepare("SELECT id FROM item ORDER BY id").unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    fn insert(conn: &Connection, id: i64) -> rusqlite::Result<()> {
        conn.execute("INSERT INTO item VALUES (?1)", [id])?;
        Ok(())
    }

    /// Notes what another connection sees.
    fn look(conn: Connection, journal: &Journal) {
        let (commit, rollback) = (journal.clone(), journal.clone());
        let shared = std::sync::Arc::new(std::sync::Mutex::new(conn));
        let theirs = shared.clone();
        let handler = move |_: &Committed| {
            let conn = shared.lock().unwrap();
            commit.note(format!("sees {:?}", rows(&conn)));
        };
        post_commit().connect(handler).unwrap();
        let handler = move |_: &RolledBack| {
            let conn = theirs.lock().unwrap();
            // The lock of the transaction that wrote is gone.
            insert(&conn, 100).unwrap();
            rollback.note(format!("sees {:?}", rows(&conn)));
        };
        post_rollback().connect(handler).unwrap();
    }

    #[commit_on_success]
    fn outer(
        conn: &mut Connection,
        database: &Database,
        journal: &Journal,
        inner: End,
        how: End,
    ) -> Result<(), Failure> {
        connect(journal, "outer");
        look(database.connect(), journal);
        insert(conn, 1)?;
        let nested = catch_unwind(AssertUnwindSafe(|| nested(conn, journal, inner)));
        assert_eq!(nested.is_err(), inner == End::Panic);
        end(how)
    }

    #[commit_on_success]
    fn nested(conn: &mut Connection, journal: &Journal, how: End) -> Result<(), Failure> {
        connect(journal, "nested");
        insert(conn, 2)?;
        end(how)
    }

    fn run(inner: End, how: End) -> Vec<String> {
        let database = Database::new();
        let journal = Journal::default();
        let mut conn = database.connect();
        let run = || outer(&mut conn, &database, &journal, inner, how);
        let _ = catch_unwind(AssertUnwindSafe(run));
        journal.lines()
    }

    #[test]
    fn commit_handlers_see_what_was_committed() {
        let expected = [
            "outer: committed outer 0",
            "sees [1, 2]",
            "nested: committed outer 1",
        ];
        assert_eq!(run(End::Ok, End::Ok), expected);
    }

    #[test]
    fn rollback_handlers_find_the_lock_released_and_nothing_stored() {
        for how in [End::Err, End::SetRollback, End::Panic] {
            let cause = cause_of(how);
            let outer = format!("outer: rolled back outer {cause:?}");
            let nested = format!("nested: rolled back outer {cause:?}");
            assert_eq!(run(End::Ok, how), [&outer, "sees [100]", &nested]);
        }
    }

    #[test]
    fn a_savepoint_that_rolls_back_runs_its_own_handlers_only() {
        for how in [End::Err, End::SetRollback, End::Panic] {
            let nested = format!("nested: rolled back nested {:?}", cause_of(how));
            let expected = [&nested, "outer: committed outer 0", "sees [1]"];
            assert_eq!(run(how, End::Ok), expected);
        }
    }

    #[commit_on_success]
    fn violates(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        connect(journal, "block");
        insert(conn, 1)?;
        conn.execute("INSERT INTO child VALUES (7)", [])?;
        Ok(())
    }

    #[test]
    fn a_deferred_constraint_that_refuses_the_commit_runs_the_rollback_handlers() {
        let database = Database::new();
        let journal = Journal::default();
        let error = violates(&mut database.connect(), &journal).unwrap_err();
        assert!(
            matches!(&error, Failure::Transaction(error) if error.kind() == ErrorKind::Commit),
            "{error:?}"
        );
        assert_eq!(
            journal.lines(),
            ["block: rolled back violates CommitFailed"]
        );
        assert!(rows(&database.connect()).is_empty());
    }

    #[commit_on_success]
    fn writes_nothing(conn: &mut Connection, journal: &Journal, how: End) -> Result<(), Failure> {
        let _ = conn;
        connect(journal, "block");
        end(how)
    }

    #[test]
    fn handlers_run_also_when_nothing_was_written() {
        let database = Database::new();
        let journal = Journal::default();
        writes_nothing(&mut database.connect(), &journal, End::Ok).unwrap();
        writes_nothing(&mut database.connect(), &journal, End::Err).unwrap_err();
        let expected = [
            "block: committed writes_nothing 0",
            "block: rolled back writes_nothing Error",
        ];
        assert_eq!(journal.lines(), expected);
    }

    #[commit_on_success]
    fn ends_by_itself(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        connect(journal, "block");
        insert(conn, 1)?;
        conn.execute("INSERT OR ROLLBACK INTO item VALUES (1)", [])?;
        Ok(())
    }

    #[test]
    fn a_transaction_that_sqlite_rolled_back_with_the_bodys_error_runs_the_rollback_handlers() {
        let database = Database::new();
        let journal = Journal::default();
        let error = ends_by_itself(&mut database.connect(), &journal).unwrap_err();
        assert!(matches!(error, Failure::Rusqlite(_)), "{error:?}");
        let expected = ["block: rolled back ends_by_itself Error"];
        assert_eq!(journal.lines(), expected);
    }

    #[commit_on_success(conn = pool.get().unwrap())]
    fn with_the_pool(pool: &Pool, journal: &Journal, how: End) -> Result<(), Failure> {
        insert(conn, 1)?;
        let (again, ours) = (pool.clone(), journal.clone());
        let handler = move |_: &Committed| match again.get() {
            Ok(conn) => ours.note(format!("committed {:?}", rows(&conn))),
            Err(error) => ours.note(error.to_string()),
        };
        post_commit().connect(handler).unwrap();
        let (again, ours) = (pool.clone(), journal.clone());
        let handler = move |_: &RolledBack| match again.get() {
            Ok(conn) => ours.note(format!("rolled back {:?}", rows(&conn))),
            Err(error) => ours.note(error.to_string()),
        };
        post_rollback().connect(handler).unwrap();
        end(how)
    }

    #[test]
    fn handlers_of_either_kind_can_have_the_only_connection_of_the_pool() {
        let database = Database::new();
        let pool = database.pool();
        for how in [End::Err, End::SetRollback, End::Panic] {
            let journal = Journal::default();
            let run = || with_the_pool(&pool, &journal, how);
            let _ = catch_unwind(AssertUnwindSafe(run));
            assert_eq!(journal.lines(), ["rolled back []"], "{how:?}");
        }
        let journal = Journal::default();
        with_the_pool(&pool, &journal, End::Ok).unwrap();
        assert_eq!(journal.lines(), ["committed [1]"]);
    }
}

/// What differs between the databases is only the types, about which generic code could not be
/// written without naming a dozen bounds.
macro_rules! on {
    ($test:meta, $module:ident, $pool:ty, $connection:ty, $open:expr) => {
        mod $module {
            use super::*;

            struct Database {
                pool: $pool,
                table: String,
                _kept: Option<tempfile::TempDir>,
            }

            impl Database {
                async fn new() -> Self {
                    let (pool, _kept) = $open.await;
                    let table = unique();
                    let create =
                        AssertSqlSafe(format!("CREATE TABLE {table} (id BIGINT PRIMARY KEY)"));
                    sqlx::query(create).execute(&pool).await.unwrap();
                    Self { pool, table, _kept }
                }

                async fn end(self) {
                    let drop = AssertSqlSafe(format!("DROP TABLE {}", self.table));
                    sqlx::query(drop).execute(&self.pool).await.unwrap();
                    self.pool.close().await;
                }
            }

            async fn rows(pool: &$pool, table: &str) -> Vec<i64> {
                let sql = AssertSqlSafe(format!("SELECT id FROM {table} ORDER BY id"));
                sqlx::query_scalar(sql).fetch_all(pool).await.unwrap()
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

            async fn look(pool: $pool, table: String, journal: Journal) {
                journal.note(format!("sees {:?}", rows(&pool, &table).await));
            }

            #[commit_on_success(tx = pool)]
            async fn outer(
                pool: &$pool,
                table: &str,
                journal: &Journal,
                inner: End,
                how: End,
            ) -> Result<(), Failure> {
                connect(journal, "outer");
                insert(tx, table, 1).await?;
                defer!(look(pool.clone(), table.to_owned(), journal.clone()).await);
                let nested = AssertUnwindSafe(nested(tx, table, journal, inner));
                assert_eq!(nested.catch_unwind().await.is_err(), inner == End::Panic);
                end(how)
            }

            #[commit_on_success]
            async fn nested(
                conn: &mut $connection,
                table: &str,
                journal: &Journal,
                how: End,
            ) -> Result<(), Failure> {
                connect(journal, "nested");
                insert(conn, table, 2).await?;
                end(how)
            }

            async fn run(inner: End, how: End) -> Vec<String> {
                let database = Database::new().await;
                let (pool, table) = (&database.pool, &database.table);
                let journal = Journal::default();
                let outer = AssertUnwindSafe(outer(pool, table, &journal, inner, how));
                let _ = outer.catch_unwind().await;
                let stored = if how == End::Ok { vec![1] } else { vec![] };
                let mut left = rows(pool, table).await;
                left.retain(|row| *row == 1);
                assert_eq!(left, stored);
                database.end().await;
                journal.lines()
            }

            #[$test]
            async fn commit_handlers_run_in_order_with_the_deferred_calls() {
                let lines = run(End::Ok, End::Ok).await;
                let expected = [
                    "outer: committed outer 0",
                    "sees [1, 2]",
                    "nested: committed outer 1",
                ];
                assert_eq!(lines, expected);
            }

            #[$test]
            async fn rollback_handlers_run_with_the_cause_those_of_released_blocks_too() {
                for how in [End::Err, End::SetRollback, End::Panic] {
                    let lines = run(End::Ok, how).await;
                    let expected = ["outer", "nested"]
                        .map(|name| format!("{name}: rolled back outer {:?}", cause_of(how)));
                    assert_eq!(lines, expected);
                }
            }

            #[$test]
            async fn a_savepoint_that_rolls_back_runs_its_own_handlers_only() {
                for how in [End::Err, End::SetRollback] {
                    let lines = run(how, End::Ok).await;
                    let nested = format!("nested: rolled back nested {:?}", cause_of(how));
                    let expected = [&nested, "outer: committed outer 0", "sees [1]"];
                    assert_eq!(lines, expected);
                }
            }

            #[commit_on_success(tx = pool)]
            async fn waits(pool: &$pool, table: &str, journal: &Journal) -> Result<(), Failure> {
                nested(tx, table, journal, End::Ok).await?;
                connect(journal, "outer");
                journal.note("waits");
                std::future::pending::<()>().await;
                Ok(())
            }

            #[$test]
            async fn a_future_that_is_dropped_runs_the_rollback_handlers_in_that_drop() {
                let database = Database::new().await;
                let (pool, table) = (&database.pool, &database.table);
                let journal = Journal::default();
                {
                    let mut future = pin!(waits(pool, table, &journal));
                    let deadline = Instant::now() + PATIENCE;
                    while journal.lines().is_empty() {
                        assert!(Instant::now() < deadline);
                        assert!(poll_once(future.as_mut()).is_pending());
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                }
                let expected = [
                    "waits",
                    "nested: rolled back waits Cancelled",
                    "outer: rolled back waits Cancelled",
                ];
                assert_eq!(journal.lines(), expected);
                assert_eq!(rows(pool, table).await, [0; 0]);
                database.end().await;
            }
        }
    };
}

on!(
    tokio::test,
    on_sqlite,
    sqlx::SqlitePool,
    sqlx::SqliteConnection,
    async {
        let kept = tempfile::tempdir().unwrap();
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(kept.path().join("database"))
            .create_if_missing(true);
        let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
        let pool = pool.connect_with(options).await.unwrap();
        (pool, Some(kept))
    }
);

on!(
    commit_on_success_test_macros::server_test,
    on_postgres,
    sqlx::PgPool,
    sqlx::PgConnection,
    async {
        let pool = sqlx::postgres::PgPoolOptions::new().max_connections(1);
        let pool = pool.connect(&servers::postgres()).await.unwrap();
        (pool, None)
    }
);

on!(
    commit_on_success_test_macros::server_test,
    on_mariadb,
    sqlx::MySqlPool,
    sqlx::MySqlConnection,
    async {
        let pool = sqlx::mysql::MySqlPoolOptions::new().max_connections(1);
        let pool = pool.connect(&servers::mysql()).await.unwrap();
        (pool, None)
    }
);
