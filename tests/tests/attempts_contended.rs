//! Tasks that read, think, and write the same rows, until the database has had enough of it: in the end
//! the sum is right, and each success has run its deferred call once.
//!
//! In its first attempt each task waits until the others have read as well, so that a conflict is certain.
#![allow(missing_docs, reason = "a test program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test says where"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use commit_on_success::signals::Cause;
use commit_on_success::{Backoff, Error, ErrorKind, commit_on_success, defer, pending, signals};
use commit_on_success_tests::corner::{self, Corner, Stage};
use commit_on_success_tests::faults;
use sqlx::error::DatabaseError;
use sqlx::{MySql, MySqlPool, PgPool, Postgres, Sqlite, SqlitePool};

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("transaction: {0}")]
    Transaction(#[from] Error),
}

const TASKS: usize = 4;
/// A connection for each.
const POOL: u32 = 4;
const ROUNDS: usize = 10;
const ALL: usize = TASKS * ROUNDS;
const SUM: &str = "SELECT n FROM counter ORDER BY id";

/// What happened.
#[derive(Debug, Default)]
struct Tally {
    bodies: AtomicUsize,
    failed_attempts: AtomicUsize,
    calls: AtomicUsize,
    later_calls: AtomicUsize,
    committed: AtomicUsize,
}

impl Tally {
    /// At the head of each attempt.
    fn attempt(self: &Arc<Self>) {
        assert_eq!(pending(), 0, "a call of a failed attempt waits");
        self.bodies.fetch_add(1, Ordering::SeqCst);
        let (failed, committed, called) = (Arc::clone(self), Arc::clone(self), Arc::clone(self));
        signals::post_rollback()
            .connect(move |event| {
                assert!(matches!(event.cause, Cause::Error | Cause::CommitFailed));
                failed.failed_attempts.fetch_add(1, Ordering::SeqCst);
            })
            .unwrap();
        signals::post_commit()
            .connect(move |_| {
                committed.committed.fetch_add(1, Ordering::SeqCst);
            })
            .unwrap();
        defer!(move || {
            called.calls.fetch_add(1, Ordering::SeqCst);
        });
    }

    async fn call_later(self: Arc<Self>) {
        tokio::task::yield_now().await;
        self.later_calls.fetch_add(1, Ordering::SeqCst);
    }

    /// Exactly one call for each success, and none for a failed attempt, of which there were some.
    #[track_caller]
    fn check(&self, successes: usize) {
        self.publish("one by one", successes);
    }

    /// The same, of a test that says in its name why they failed.
    #[track_caller]
    fn publish(&self, test: &str, successes: usize) {
        let read = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        let failures = read(&self.bodies) - successes;
        let reason = test.replace('_', " ");
        let mut tally = faults::Tally::new(format!("failed attempts, {reason}"));
        (0..failures).for_each(|_| tally.inject());
        for (what, count, expected) in [
            ("calls", &self.calls, successes),
            ("commits", &self.committed, successes),
            ("rollbacks", &self.failed_attempts, failures),
        ] {
            let count = read(count);
            tally.promise(count == expected, || format!("{count} {what}"));
        }
        tally.add("successes", u64::try_from(successes).unwrap());
        tally.publish();
    }

    #[track_caller]
    fn check_later(&self, successes: usize) {
        assert_eq!(self.later_calls.load(Ordering::SeqCst), successes);
    }
}

/// Not for ever: a task that has failed does not come.
async fn wait(barrier: &tokio::sync::Barrier) {
    let waited = tokio::time::timeout(Duration::from_secs(30), barrier.wait()).await;
    assert!(waited.is_ok(), "somebody does not come");
}

/// Where tasks meet, once each.
#[derive(Debug)]
struct Meeting {
    barrier: Arc<tokio::sync::Barrier>,
    met: AtomicBool,
}

impl Meeting {
    fn of(barrier: &Arc<tokio::sync::Barrier>) -> Self {
        Self {
            barrier: Arc::clone(barrier),
            met: AtomicBool::new(false),
        }
    }

    async fn meet(&self) {
        if !self.met.swap(true, Ordering::SeqCst) {
            wait(&self.barrier).await;
        }
    }
}

async fn with_counter<DB: Stage>() -> Corner<DB> {
    let corner = DB::corner().await;
    corner
        .execute("CREATE TABLE counter (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)")
        .await;
    corner
        .execute("INSERT INTO counter VALUES (1, 0), (2, 0)")
        .await;
    corner
}

/// Row 1 is read and written, in a function that is generic over what is added.
macro_rules! counting {
    ($kind:meta, $test:ident, $database:ident, $pool:ty, $error:ty, [$($option:tt)*], $address:expr) => {
        #[$kind]
        async fn $test() {
            #[commit_on_success(
                tx = pool,
                attempts = 200,
                backoff = Backoff::new(Duration::from_millis(1)).limit(Duration::from_millis(50)),
                $($option)*
            )]
            async fn add<N: Into<i64> + Clone + Send>(
                pool: &$pool,
                amount: N,
                tally: Arc<Tally>,
                meeting: &Meeting,
            ) -> Result<i64, $error> {
                tally.attempt();
                defer!(Arc::clone(&tally).call_later().await);
                let read = $database::numbers(tx, "SELECT n FROM counter WHERE id = 1").await?[0];
                meeting.meet().await;
                let sum = read + amount.into();
                let update = format!("UPDATE counter SET n = {sum} WHERE id = 1");
                $database::execute(tx, update).await?;
                Ok(sum)
            }

            let corner = with_counter::<$database>().await;
            let address: fn(&Corner<$database>) -> corner::Address<$database> = $address;
            let pool = corner::pool::<$database>(address(&corner), POOL).await;
            let tally = Arc::<Tally>::default();
            let barrier = Arc::new(tokio::sync::Barrier::new(TASKS));
            let tasks: Vec<_> = (0..TASKS)
                .map(|_| {
                    let (pool, tally) = (pool.clone(), Arc::clone(&tally));
                    let meeting = Meeting::of(&barrier);
                    tokio::spawn(async move {
                        for _ in 0..ROUNDS {
                            add(&pool, 1_i32, Arc::clone(&tally), &meeting).await.unwrap();
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(corner.numbers(SUM).await[0], i64::try_from(ALL).unwrap());
            tally.publish(stringify!($test), ALL);
            tally.check_later(ALL);
            // Of the first attempts, which have all read the same, one succeeds.
            let bodies = tally.bodies.load(Ordering::SeqCst);
            assert!(bodies >= ALL + TASKS - 1, "{bodies}");
        }
    };
}

counting!(
    commit_on_success_test_macros::server_test(flavor = "multi_thread", worker_threads = 2),
    serialization_failures_of_postgres,
    Postgres,
    PgPool,
    AppError,
    [isolation = serializable],
    |corner| corner.address.clone()
);
counting!(
    commit_on_success_test_macros::server_test(flavor = "multi_thread", worker_threads = 2),
    serialization_failures_of_postgres_with_repeatable_read,
    Postgres,
    PgPool,
    sqlx::Error,
    [isolation = repeatable_read],
    |corner| corner.address.clone()
);
counting!(
    tokio::test(flavor = "multi_thread", worker_threads = 2),
    busy_snapshots_of_sqlite_through_sqlx,
    Sqlite,
    SqlitePool,
    anyhow::Error,
    [mode = deferred],
    |corner| corner.address.clone().busy_timeout(Duration::ZERO)
);
counting!(
    tokio::test(flavor = "multi_thread", worker_threads = 2),
    busy_snapshots_of_sqlite_through_sqlx_in_a_boxed_error,
    Sqlite,
    SqlitePool,
    Box<dyn std::error::Error + Send + Sync>,
    [mode = deferred],
    |corner| corner.address.clone().busy_timeout(Duration::ZERO)
);

/// Both rows are locked and written, in one order or the other.
macro_rules! deadlocks {
    ($test:ident, $database:ident, $pool:ty, $error:ty $(, #[$attribute:meta])?) => {
        #[commit_on_success_test_macros::server_test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            $(#[$attribute])?
            async fn touch(
                connection: &mut <$database as sqlx::Database>::Connection,
                row: u8,
            ) -> Result<(), $error> {
                let select = format!("SELECT n FROM counter WHERE id = {row} FOR UPDATE");
                let sum = $database::numbers(connection, select).await?[0] + 1;
                let update = format!("UPDATE counter SET n = {sum} WHERE id = {row}");
                $database::execute(connection, update).await?;
                Ok(())
            }

            #[commit_on_success(tx = pool, attempts = 200, backoff = Duration::from_millis(1))]
            async fn add(
                pool: &$pool,
                rows: [u8; 2],
                tally: Arc<Tally>,
                meeting: &Meeting,
            ) -> Result<(), $error> {
                tally.attempt();
                defer!(Arc::clone(&tally).call_later().await);
                for row in rows {
                    touch(tx, row).await?;
                    meeting.meet().await;
                }
                Ok(())
            }

            let corner = with_counter::<$database>().await;
            let pool = corner.pool(POOL).await;
            let tally = Arc::<Tally>::default();
            // Only the first two meet: each holds the row that the other one wants next. The others
            // begin when these are done with their first round.
            let (first, others) = (
                Arc::new(tokio::sync::Barrier::new(2)),
                Arc::new(tokio::sync::Barrier::new(TASKS)),
            );
            let tasks: Vec<_> = (0..TASKS)
                .map(|task| {
                    let (pool, tally) = (pool.clone(), Arc::clone(&tally));
                    let (meeting, others) = (Meeting::of(&first), Arc::clone(&others));
                    let rows = if task % 2 == 0 { [1, 2] } else { [2, 1] };
                    tokio::spawn(async move {
                        if task < 2 {
                            add(&pool, rows, Arc::clone(&tally), &meeting)
                                .await
                                .unwrap();
                        }
                        meeting.met.store(true, Ordering::SeqCst);
                        wait(&others).await;
                        for _ in usize::from(task < 2)..ROUNDS {
                            add(&pool, rows, Arc::clone(&tally), &meeting)
                                .await
                                .unwrap();
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            let all = i64::try_from(ALL).unwrap();
            assert_eq!(corner.numbers(SUM).await, [all, all]);
            tally.publish(stringify!($test), ALL);
            tally.check_later(ALL);
        }
    };
}

deadlocks!(deadlocks_of_mariadb, MySql, MySqlPool, anyhow::Error);
deadlocks!(
    deadlocks_of_mariadb_in_nested_blocks,
    MySql,
    MySqlPool,
    AppError,
    #[commit_on_success]
);
deadlocks!(
    deadlocks_of_mariadb_in_joined_blocks,
    MySql,
    MySqlPool,
    sqlx::Error,
    #[commit_on_success(propagation = required)]
);
deadlocks!(
    deadlocks_of_postgres,
    Postgres,
    PgPool,
    Box<dyn std::error::Error + Send + Sync>
);
deadlocks!(
    deadlocks_of_postgres_in_nested_blocks,
    Postgres,
    PgPool,
    AppError,
    #[commit_on_success]
);
deadlocks!(
    deadlocks_of_postgres_in_joined_blocks,
    Postgres,
    PgPool,
    anyhow::Error,
    #[commit_on_success(propagation = mandatory)]
);

#[commit_on_success_test_macros::server_test]
async fn a_lock_that_mariadb_did_not_get_in_time_is_another_attempt() {
    #[commit_on_success(tx = pool, attempts = 3, backoff = Duration::from_millis(1))]
    async fn waits(
        pool: &MySqlPool,
        holder: &tokio::sync::Mutex<Option<sqlx::MySqlConnection>>,
        tally: Arc<Tally>,
    ) -> Result<(), AppError> {
        tally.attempt();
        MySql::execute(tx, "SET innodb_lock_wait_timeout = 1").await?;
        MySql::execute(tx, "UPDATE counter SET n = n + 1 WHERE id = 2").await?;
        let result = MySql::execute(tx, "UPDATE counter SET n = n + 1 WHERE id = 1").await;
        // Whoever holds the row lets it go after the first attempt.
        if let Some(mut holder) = holder.lock().await.take() {
            assert!(result.is_err());
            MySql::execute(&mut holder, "ROLLBACK").await?;
        }
        Ok(result?)
    }

    let corner = with_counter::<MySql>().await;
    let mut holder = corner.connect().await;
    MySql::execute(&mut holder, "BEGIN").await.unwrap();
    MySql::execute(&mut holder, "UPDATE counter SET n = 100 WHERE id = 1")
        .await
        .unwrap();
    let holder = tokio::sync::Mutex::new(Some(holder));
    let tally = Arc::<Tally>::default();
    waits(&corner.pool(1).await, &holder, Arc::clone(&tally))
        .await
        .unwrap();
    // Only the statement was rolled back by the server, the rest by the toolkit.
    assert_eq!(corner.numbers(SUM).await, [1, 1]);
    assert_eq!(tally.bodies.load(Ordering::SeqCst), 2);
    tally.check(1);
}

#[tokio::test]
async fn a_conflict_that_lasts_is_returned_after_the_last_attempt() {
    #[commit_on_success(tx = pool, attempts = 3, mode = deferred, backoff = Duration::ZERO)]
    async fn always_late(
        pool: &SqlitePool,
        other: &tokio::sync::Mutex<sqlx::SqliteConnection>,
        tally: Arc<Tally>,
    ) -> Result<(), AppError> {
        tally.attempt();
        Sqlite::numbers(tx, SUM).await?;
        let write = "UPDATE counter SET n = n + 1 WHERE id = 1";
        Sqlite::execute(&mut *other.lock().await, write).await?;
        Sqlite::execute(tx, write).await?;
        Ok(())
    }

    let corner = with_counter::<Sqlite>().await;
    let other = tokio::sync::Mutex::new(corner.connect().await);
    let tally = Arc::<Tally>::default();
    let error = always_late(&corner.pool(1).await, &other, Arc::clone(&tally))
        .await
        .unwrap_err();
    let AppError::Database(error) = error else {
        panic!("{error:?}")
    };
    // SQLITE_BUSY_SNAPSHOT
    let code = error.as_database_error().and_then(DatabaseError::code);
    assert_eq!(code.as_deref(), Some("517"), "{error:?}");
    assert_eq!(corner.numbers(SUM).await, [3, 0]);
    assert_eq!(tally.bodies.load(Ordering::SeqCst), 3);
    tally.check(0);
}

#[tokio::test]
async fn an_ordinary_error_of_the_database_is_returned_at_once() {
    #[commit_on_success(tx = pool, attempts = 3)]
    async fn fails(pool: &SqlitePool, tally: Arc<Tally>) -> Result<(), AppError> {
        tally.attempt();
        Sqlite::execute(tx, "INSERT INTO counter VALUES (1, 0)").await?;
        Ok(())
    }

    let corner = with_counter::<Sqlite>().await;
    let tally = Arc::<Tally>::default();
    let error = fails(&corner.pool(1).await, Arc::clone(&tally))
        .await
        .unwrap_err();
    assert!(matches!(error, AppError::Database(_)), "{error:?}");
    assert_eq!(tally.bodies.load(Ordering::SeqCst), 1);
    tally.check(0);
}

#[commit_on_success_test_macros::server_test]
async fn a_write_skew_that_postgres_finds_out_at_the_commit_is_another_attempt() {
    /// Reads both rows, writes the other one, and is first.
    async fn skew(corner: &Corner<Postgres>) -> Result<(), sqlx::Error> {
        let mut other = corner.connect().await;
        Postgres::execute(&mut other, "BEGIN ISOLATION LEVEL SERIALIZABLE").await?;
        Postgres::numbers(&mut other, SUM).await?;
        Postgres::execute(&mut other, "UPDATE counter SET n = 10 WHERE id = 2").await?;
        Postgres::execute(&mut other, "COMMIT").await
    }

    #[commit_on_success(tx = pool, isolation = serializable, attempts = 3, backoff = Duration::ZERO)]
    async fn writes(
        pool: &PgPool,
        corner: &Corner<Postgres>,
        tally: Arc<Tally>,
        ends: &AtomicUsize,
    ) -> Result<i64, AppError> {
        tally.attempt();
        let sum: i64 = Postgres::numbers(tx, SUM).await?.iter().sum();
        let update = format!("UPDATE counter SET n = {} WHERE id = 1", sum + 1);
        Postgres::execute(tx, update).await?;
        if tally.bodies.load(Ordering::SeqCst) == 1 {
            skew(corner).await?;
        }
        ends.fetch_add(1, Ordering::SeqCst);
        Ok(sum + 1)
    }

    let corner = with_counter::<Postgres>().await;
    let (tally, ends) = (Arc::<Tally>::default(), AtomicUsize::new(0));
    let pool = corner.pool(1).await;
    let written = writes(&pool, &corner, Arc::clone(&tally), &ends)
        .await
        .unwrap();
    assert_eq!(written, 11);
    assert_eq!(corner.numbers(SUM).await, [11, 10]);
    assert_eq!(tally.bodies.load(Ordering::SeqCst), 2);
    // Both bodies have returned `Ok`.
    assert_eq!(ends.load(Ordering::SeqCst), 2);
    tally.check(1);
}

#[commit_on_success_test_macros::server_test]
async fn a_commit_that_violates_a_constraint_is_not_tried_again() {
    #[commit_on_success(tx = pool, attempts = 3)]
    async fn violates(pool: &PgPool, tally: Arc<Tally>) -> Result<(), AppError> {
        tally.attempt();
        Postgres::execute(tx, "INSERT INTO child VALUES (7)").await?;
        Ok(())
    }

    let corner = with_counter::<Postgres>().await;
    corner
        .execute(
            "CREATE TABLE child (counter BIGINT REFERENCES counter (id) DEFERRABLE INITIALLY DEFERRED)",
        )
        .await;
    let tally = Arc::<Tally>::default();
    let error = violates(&corner.pool(1).await, Arc::clone(&tally))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, AppError::Transaction(error) if error.kind() == ErrorKind::Commit),
        "{error:?}"
    );
    assert_eq!(tally.bodies.load(Ordering::SeqCst), 1);
    tally.check(0);
}

#[commit_on_success_test_macros::server_test]
async fn after_an_outcome_that_could_be_settled_or_not_the_body_does_not_run_again() {
    use commit_on_success_tests::cutting::{Cut, CuttingProxy, Then};
    use sqlx::Connection as _;

    #[commit_on_success(attempts = 3, isolation = serializable)]
    async fn on_connection(
        connection: &mut sqlx::PgConnection,
        bodies: &AtomicUsize,
    ) -> Result<(), AppError> {
        bodies.fetch_add(1, Ordering::SeqCst);
        Postgres::execute(connection, "UPDATE counter SET n = n + 1").await?;
        Ok(())
    }

    #[commit_on_success(tx = pool, attempts = 3, isolation = serializable, settle)]
    async fn on_pool(pool: &PgPool, bodies: &AtomicUsize) -> Result<(), AppError> {
        bodies.fetch_add(1, Ordering::SeqCst);
        Postgres::execute(tx, "UPDATE counter SET n = n + 1").await?;
        Ok(())
    }

    for (cut, stored) in [(Cut::AfterTheServer, 1), (Cut::BeforeTheServer, 0)] {
        let corner = with_counter::<Postgres>().await;
        let server = &corner.address;
        let proxy = CuttingProxy::to(server.get_host(), server.get_port())
            .await
            .unwrap();
        let port = proxy.address().port();
        let address = server.clone().host("127.0.0.1").port(port);
        let bodies = AtomicUsize::new(0);

        let mut connection = sqlx::PgConnection::connect_with(&address).await.unwrap();
        proxy.cut(cut, Then::Serve);
        let error = on_connection(&mut connection, &bodies).await.unwrap_err();
        assert!(
            matches!(&error, AppError::Transaction(error) if error.kind() == ErrorKind::Unknown),
            "{error:?}"
        );
        assert_eq!(bodies.load(Ordering::SeqCst), 1);
        assert_eq!(corner.numbers(SUM).await, [stored, stored]);

        let pool = corner::pool::<Postgres>(address, 1).await;
        proxy.cut(cut, Then::Serve);
        let result = on_pool(&pool, &bodies).await;
        assert_eq!(result.is_ok(), cut == Cut::AfterTheServer, "{result:?}");
        assert_eq!(bodies.load(Ordering::SeqCst), 2);
        assert_eq!(corner.numbers(SUM).await, [2 * stored, 2 * stored]);
        assert_eq!(proxy.cuts(), 2);
    }
}

mod on_rusqlite {
    use std::path::Path;
    use std::sync::Barrier;
    use std::time::Instant;

    use super::*;
    use rusqlite::Connection;

    fn open(path: &Path) -> Connection {
        let connection = Connection::open(path).unwrap();
        connection.busy_timeout(Duration::ZERO).unwrap();
        connection
    }

    fn create(path: &Path, journal: &str) {
        let connection = Connection::open(path).unwrap();
        let sql = format!("PRAGMA journal_mode = {journal}");
        connection.query_row(&sql, [], |_| Ok(())).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER NOT NULL);
                 INSERT INTO counter VALUES (1, 0)",
            )
            .unwrap();
    }

    #[commit_on_success(mode = deferred, attempts = 1000, backoff = Backoff::new(Duration::from_millis(1)).limit(Duration::from_millis(20)))]
    fn add(
        connection: &mut Connection,
        tally: Arc<Tally>,
        amount: i64,
        meeting: &(Arc<Barrier>, AtomicBool),
    ) -> Result<(), Box<dyn std::error::Error>> {
        tally.attempt();
        let sql = "SELECT n FROM counter WHERE id = 1";
        let read: i64 = connection.query_row(sql, [], |row| row.get(0))?;
        if !meeting.1.swap(true, Ordering::SeqCst) {
            meeting.0.wait();
        }
        let sum = read + amount;
        connection.execute("UPDATE counter SET n = ?1 WHERE id = 1", [sum])?;
        Ok(())
    }

    #[test]
    fn busy_files_and_snapshots_of_sqlite() {
        for journal in ["wal", "delete"] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("counter.db");
            create(&path, journal);
            let tally = Arc::<Tally>::default();
            let barrier = Arc::new(Barrier::new(TASKS));
            std::thread::scope(|scope| {
                for _ in 0..TASKS {
                    scope.spawn(|| {
                        let mut connection = open(&path);
                        let meeting = (Arc::clone(&barrier), AtomicBool::new(false));
                        for _ in 0..ROUNDS {
                            add(&mut connection, Arc::clone(&tally), 1, &meeting).unwrap();
                        }
                    });
                }
            });
            let sum: i64 = open(&path)
                .query_row("SELECT n FROM counter", [], |row| row.get(0))
                .unwrap();
            assert_eq!(sum, i64::try_from(ALL).unwrap(), "{journal}");
            tally.publish("busy files and snapshots of sqlite", ALL);
        }
    }

    /// How often a `BEGIN` has found the file busy.
    static REFUSED: AtomicUsize = AtomicUsize::new(0);

    fn refuse(_: i32) -> bool {
        REFUSED.fetch_add(1, Ordering::SeqCst);
        false
    }

    #[test]
    fn busy_begins_of_sqlite() {
        #[commit_on_success(mode = immediate, attempts = 1000, backoff = Backoff::new(Duration::from_millis(1)).limit(Duration::from_millis(20)))]
        fn add(connection: &mut Connection, tally: Arc<Tally>) -> rusqlite::Result<()> {
            tally.attempt();
            connection.execute("UPDATE counter SET n = n + 1", [])?;
            Ok(())
        }

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("counter.db");
        create(&path, "wal");
        let tally = Arc::<Tally>::default();
        let holder = open(&path);
        holder.execute_batch("BEGIN IMMEDIATE").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..TASKS {
                scope.spawn(|| {
                    let mut connection = open(&path);
                    connection.busy_handler(Some(refuse)).unwrap();
                    for _ in 0..ROUNDS {
                        add(&mut connection, Arc::clone(&tally)).unwrap();
                    }
                });
            }
            let deadline = Instant::now() + Duration::from_secs(30);
            while REFUSED.load(Ordering::SeqCst) < TASKS && Instant::now() < deadline {
                std::thread::yield_now();
            }
            assert_eq!(tally.bodies.load(Ordering::SeqCst), 0);
            holder.execute_batch("COMMIT").unwrap();
        });
        assert!(REFUSED.load(Ordering::SeqCst) >= TASKS);
        let sum: i64 = open(&path)
            .query_row("SELECT n FROM counter", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sum, i64::try_from(ALL).unwrap());
        assert_eq!(tally.calls.load(Ordering::SeqCst), ALL);
    }
}
