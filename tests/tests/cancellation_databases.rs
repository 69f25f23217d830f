//! Futures dropped while they wait for a real database, at every point where they do.
//!
//! PostgreSQL and MariaDB are behind a proxy that holds what is said, message by message, so that the
//! future is sure to wait; SQLite is dropped whenever it happens to be pending.
#![allow(missing_docs, reason = "a test program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test says where"
)]

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use commit_on_success::{Error, RollbackOnly, commit_on_success, defer, in_transaction};
use commit_on_success_tests::polling::drop_at_pending;
use commit_on_success_tests::proxy::{Gate, Proxy};
use commit_on_success_tests::servers;
use sqlx::mysql::{MySqlConnection, MySqlPool, MySqlPoolOptions};
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Connection as _};

/// Much longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("database")]
    Database(#[from] sqlx::Error),
    #[error("transaction")]
    Transaction(#[from] Error),
}

/// A name that no other test uses.
fn unique(prefix: &str) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}_{}_{number}", std::process::id())
}

/// What the deferred calls have done.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<u32>>>);

impl Calls {
    fn made(&self, number: u32) {
        assert!(!in_transaction());
        self.0.lock().unwrap().push(number);
    }

    fn seen(&self) -> Vec<u32> {
        let mut seen = self.0.lock().unwrap().clone();
        // Where a future is dropped, sync calls run at once and async ones later.
        seen.sort_unstable();
        seen
    }
}

/// Awaits a condition, not for ever.
async fn eventually(what: &dyn fmt::Display, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Flat,
    Nested,
    NestedFails,
}

/// What differs between the databases is only the types, about which generic code could not be
/// written without naming a dozen bounds.
macro_rules! functions {
    ($module:ident, $pool:ty, $connection:ty) => {
        mod $module {
            use super::*;

            pub(super) async fn insert(
                connection: &mut $connection,
                table: &str,
                row: i64,
            ) -> Result<(), sqlx::Error> {
                let sql = AssertSqlSafe(format!("INSERT INTO {table} (id) VALUES ({row})"));
                sqlx::query(sql).execute(connection).await?;
                Ok(())
            }

            pub(super) async fn rows(
                connection: &mut $connection,
                table: &str,
            ) -> Result<Vec<i64>, sqlx::Error> {
                let sql = AssertSqlSafe(format!("SELECT id FROM {table} ORDER BY id"));
                sqlx::query_scalar(sql).fetch_all(connection).await
            }

            /// With the only connection of the pool, which has to be there again.
            async fn call_later(
                pool: $pool,
                table: String,
                calls: Calls,
            ) -> Result<(), sqlx::Error> {
                let mut connection = pool.acquire().await?;
                let rows = rows(&mut connection, &table).await?;
                assert!(rows.contains(&1), "{rows:?}");
                calls.made(2);
                Ok(())
            }

            #[commit_on_success(connection = pool)]
            pub(super) async fn block(
                pool: &$pool,
                table: &str,
                shape: Shape,
                calls: &Calls,
            ) -> Result<(), AppError> {
                insert(connection, table, 1).await?;
                defer!(calls.clone().made(1));
                defer!(call_later(pool.clone(), table.to_owned(), calls.clone()).await);
                if shape != Shape::Flat {
                    let nested = nested(connection, table, shape, calls).await;
                    assert_eq!(nested.is_err(), shape == Shape::NestedFails);
                }
                insert(connection, table, 3).await?;
                defer!(calls.clone().made(4));
                Ok(())
            }

            #[commit_on_success]
            pub(super) async fn nested(
                connection: &mut $connection,
                table: &str,
                shape: Shape,
                calls: &Calls,
            ) -> Result<(), AppError> {
                insert(connection, table, 2).await?;
                defer!(calls.clone().made(3));
                if shape == Shape::NestedFails {
                    return Err(AppError::Database(sqlx::Error::RowNotFound));
                }
                Ok(())
            }

            /// Gives up the nested block when `limit` is reached, and goes on.
            #[commit_on_success(connection = pool)]
            pub(super) async fn giving_up<F: Future<Output = ()>>(
                pool: &$pool,
                table: &str,
                calls: &Calls,
                shape: Shape,
                limit: impl FnOnce() -> F,
                after: impl FnOnce(),
            ) -> Result<bool, AppError> {
                insert(connection, table, 1).await?;
                defer!(calls.clone().made(1));
                let given_up = tokio::select! {
                    biased;
                    nested = nested(connection, table, shape, calls) => {
                        assert_eq!(nested.is_err(), shape == Shape::NestedFails);
                        false
                    }
                    () = limit() => true,
                };
                after();
                insert(connection, table, 3).await?;
                Ok(given_up)
            }

            pub(super) async fn next_user(pool: &$pool, table: &str) {
                let next = async {
                    let mut connection = pool.acquire().await.unwrap();
                    insert(&mut connection, table, 100).await.unwrap();
                };
                let in_time = tokio::time::timeout(PATIENCE, next).await;
                in_time.expect("the pool hands its connection out again");
            }
        }
    };
}

functions!(postgres, PgPool, PgConnection);
functions!(mysql, MySqlPool, MySqlConnection);
functions!(sqlite, SqlitePool, SqliteConnection);

const ROWS: [(Shape, &[i64], &[u32]); 3] = [
    (Shape::Flat, &[1, 3], &[1, 2, 4]),
    (Shape::Nested, &[1, 2, 3], &[1, 2, 3, 4]),
    (Shape::NestedFails, &[1, 3], &[1, 2, 4]),
];

/// Everything that has to hold after a future was dropped, or has completed.
struct Found {
    context: String,
    completed: bool,
    rows: Vec<i64>,
}

impl Found {
    /// Returns whether the commit took place but its calls did not run, which is for the point where
    /// it was in flight.
    async fn check(self, written: &[i64], expected: &[u32], calls: &Calls) -> bool {
        let Self {
            context,
            completed,
            mut rows,
        } = self;
        assert_eq!(
            rows.pop(),
            Some(100),
            "the next user's row is lost, {context}"
        );
        assert!(rows.is_empty() || rows == written, "{rows:?}, {context}");
        assert!(!completed || rows == written, "{context}");
        if calls.seen().is_empty() {
            assert!(!completed, "no call, {context}");
            return !rows.is_empty();
        }
        assert_eq!(rows, written, "calls without a commit, {context}");
        let seen = async || calls.seen().len() >= expected.len();
        eventually(&format_args!("calls that do not run, {context}"), seen).await;
        assert_eq!(calls.seen(), expected, "{context}");
        false
    }
}

/// Lets so many messages through one by one, then drops the future.
async fn cut<F: Future>(future: F, gate: &Gate, messages: usize) -> Option<F::Output> {
    gate.hold();
    let output = tokio::select! {
        biased;
        output = future => Some(output),
        () = pass(gate, messages) => None,
    };
    gate.open();
    output
}

async fn pass(gate: &Gate, messages: usize) {
    for _ in 0..messages {
        gate.holding().await;
        gate.release();
    }
    gate.holding().await;
}

#[derive(Clone, Copy, Debug)]
enum Held {
    /// The server has not heard of what the future waits for.
    Requests,
    /// The server has done it.
    Replies,
}

impl Held {
    const BOTH: [Self; 2] = [Self::Requests, Self::Replies];

    fn gate(self, proxy: &Proxy) -> &Gate {
        match self {
            Self::Requests => &proxy.requests,
            Self::Replies => &proxy.replies,
        }
    }
}

/// The address in a URL, and the URL with another address in its place.
fn through(url: &str, proxy: impl Fn(SocketAddr) -> SocketAddr) -> (SocketAddr, String) {
    let start = url.find("://").unwrap() + 3;
    let start = url[start..].find('@').map_or(start, |at| start + at + 1);
    let end = url[start..]
        .find('/')
        .map_or(url.len(), |slash| start + slash);
    let address = std::net::ToSocketAddrs::to_socket_addrs(&url[start..end])
        .unwrap()
        .next()
        .unwrap();
    let proxied = proxy(address);
    (
        address,
        format!("{}{proxied}{}", &url[..start], &url[end..]),
    )
}

fn address_of(url: &str) -> SocketAddr {
    through(url, |address| address).0
}

/// How a database is reached, and asked what it sees.
macro_rules! sweeps {
    ($module:ident, $setup:ident) => {
        async fn sweep(url: &str, shape: Shape, held: Held) -> (usize, usize) {
            let (_, written, expected) = ROWS.into_iter().find(|row| row.0 == shape).unwrap();
            let mut in_flight = 0;
            for point in 0.. {
                let proxy = Proxy::to(address_of(url)).await.unwrap();
                let Setup {
                    pool,
                    table,
                    mut direct,
                    name,
                } = $setup(url, &proxy).await;
                let calls = Calls::default();
                let future = super::$module::block(&pool, &table, shape, &calls);
                let output = cut(future, held.gate(&proxy), point).await;
                let completed = output.is_some();
                if let Some(output) = output {
                    output.unwrap();
                }
                super::$module::next_user(&pool, &table).await;
                let context = format!("{shape:?} {held:?} dropped at {point}");
                let idle = async || left_open(&mut direct, &name).await == 0;
                eventually(&format_args!("a transaction is open, {context}"), idle).await;
                let rows = super::$module::rows(&mut direct, &table).await.unwrap();
                let found = Found {
                    context,
                    completed,
                    rows,
                };
                in_flight += usize::from(found.check(written, expected, &calls).await);
                pool.close().await;
                drop_schema(&mut direct, &name).await;
                if completed {
                    return (point, in_flight);
                }
            }
            unreachable!("the numbers do not end")
        }

        async fn all_sweeps(url: &str) -> usize {
            let mut points = 0;
            for (shape, ..) in ROWS {
                for held in Held::BOTH {
                    let (swept, in_flight) = sweep(url, shape, held).await;
                    println!("{shape:?}, {held:?} held: {swept} points, {in_flight} in flight");
                    // Only COMMIT itself may leave it open whether the calls run; its reply may need more than
                    // one read.
                    assert!(in_flight <= 3, "{in_flight}");
                    assert!(swept >= 5, "{swept}");
                    points += swept;
                }
            }
            points
        }

        /// The nested block is dropped, the outer one goes on.
        async fn give_up_nested(url: &str, shape: Shape, held: Held) -> usize {
            for point in 0.. {
                let proxy = Proxy::to(address_of(url)).await.unwrap();
                let Setup {
                    pool,
                    table,
                    mut direct,
                    name,
                } = $setup(url, &proxy).await;
                let calls = Calls::default();
                let gate = held.gate(&proxy);
                let limit = || async move {
                    gate.hold();
                    pass(gate, point).await;
                };
                let block =
                    super::$module::giving_up(&pool, &table, &calls, shape, limit, || gate.open());
                let in_time = tokio::time::timeout(PATIENCE, block).await;
                let given_up = in_time.expect("the block goes on");
                super::$module::next_user(&pool, &table).await;
                let context = format!("{shape:?} {held:?} given up at {point}: {given_up:?}");
                let idle = async || left_open(&mut direct, &name).await == 0;
                eventually(&format_args!("a transaction is open, {context}"), idle).await;
                let rows = super::$module::rows(&mut direct, &table).await.unwrap();
                pool.close().await;
                drop_schema(&mut direct, &name).await;
                if let Ok(false) = given_up {
                    let nested = if shape == Shape::Nested { 4 } else { 3 };
                    assert_eq!(rows.len(), nested, "{context}");
                    return point;
                }
                assert_given_up(&given_up, &rows, &calls, &context);
            }
            unreachable!("the numbers do not end")
        }
    };
}

/// Either there was no savepoint yet, and the outer block is as if there had been no other; or nothing
/// of the outer block is stored, and its caller is told why.
fn assert_given_up(given_up: &Result<bool, AppError>, rows: &[i64], calls: &Calls, context: &str) {
    match given_up {
        Ok(_) => {
            assert_eq!(rows, [1, 3, 100], "{context}");
            assert_eq!(calls.seen(), [1], "{context}");
            return;
        }
        Err(AppError::Transaction(error)) => assert!(
            matches!(
                error,
                Error::RollbackOnly {
                    cause: RollbackOnly::NestedCancelled,
                    ..
                }
            ),
            "{context}"
        ),
        // The connection did not survive: the body's own error.
        Err(AppError::Database(_)) => {}
    }
    assert_eq!(rows, [100], "{context}");
    assert!(calls.seen().is_empty(), "{context}");
}

mod on_postgres {
    use super::*;

    struct Setup {
        pool: PgPool,
        table: String,
        direct: PgConnection,
        name: String,
    }

    async fn postgres(url: &str, proxy: &Proxy) -> Setup {
        let name = unique("cancel");
        let mut direct = PgConnection::connect(url).await.unwrap();
        let create = format!("CREATE TABLE {name} (id BIGINT PRIMARY KEY)");
        sqlx::query(AssertSqlSafe(create))
            .execute(&mut direct)
            .await
            .unwrap();
        let (_, url) = through(url, |_| proxy.address());
        let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .acquire_timeout(PATIENCE)
            .connect_with(options.application_name(&name))
            .await
            .unwrap();
        Setup {
            pool,
            table: name.clone(),
            direct,
            name,
        }
    }

    async fn left_open(direct: &mut PgConnection, name: &str) -> i64 {
        let sql = "SELECT count(*) FROM pg_stat_activity \
                   WHERE application_name = $1 AND xact_start IS NOT NULL";
        sqlx::query_scalar(sql)
            .bind(name)
            .fetch_one(direct)
            .await
            .unwrap()
    }

    async fn drop_schema(direct: &mut PgConnection, name: &str) {
        let sql = AssertSqlSafe(format!("DROP TABLE {name}"));
        sqlx::query(sql).execute(direct).await.unwrap();
    }

    sweeps!(postgres, postgres);

    #[tokio::test]
    async fn a_block_on_postgres_can_be_dropped_anywhere() {
        let Some(url) = servers::postgres() else {
            return;
        };
        println!("{} points", all_sweeps(&url).await);
    }

    #[tokio::test]
    async fn a_nested_block_on_postgres_can_be_dropped_anywhere() {
        let Some(url) = servers::postgres() else {
            return;
        };
        for shape in [Shape::Nested, Shape::NestedFails] {
            for held in Held::BOTH {
                let points = give_up_nested(&url, shape, held).await;
                println!("{shape:?} given up, {held:?} held: {points} points");
                assert!(points >= 3, "{points}");
            }
        }
    }
}

mod on_mysql {
    use super::*;

    struct Setup {
        pool: MySqlPool,
        table: String,
        direct: MySqlConnection,
        name: String,
    }

    async fn mysql(url: &str, proxy: &Proxy) -> Setup {
        let name = unique("cancel");
        let mut direct = MySqlConnection::connect(url).await.unwrap();
        for create in [
            format!("CREATE DATABASE {name}"),
            format!("CREATE TABLE {name}.rows_of (id BIGINT PRIMARY KEY) ENGINE = InnoDB"),
        ] {
            sqlx::query(AssertSqlSafe(create))
                .execute(&mut direct)
                .await
                .unwrap();
        }
        let (_, url) = through(url, |_| proxy.address());
        let options: sqlx::mysql::MySqlConnectOptions = url.parse().unwrap();
        let pool = MySqlPoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .acquire_timeout(PATIENCE)
            .connect_with(options.database(&name))
            .await
            .unwrap();
        Setup {
            pool,
            table: format!("{name}.rows_of"),
            direct,
            name,
        }
    }

    /// The view is a copy that is made anew only if nobody has read it for a tenth of a second
    /// (`CACHE_MIN_IDLE_TIME_NS` in the server's `trx0i_s.cc`), so readers must not hurry or overlap.
    async fn left_open(direct: &mut MySqlConnection, name: &str) -> i64 {
        static ONE_READER: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let _reader = ONE_READER.lock().await;
        tokio::time::sleep(Duration::from_millis(120)).await;
        let sql = "SELECT count(*) FROM information_schema.innodb_trx AS open \
                   JOIN information_schema.processlist AS session \
                   ON session.id = open.trx_mysql_thread_id WHERE session.db = ?";
        sqlx::query_scalar(sql)
            .bind(name)
            .fetch_one(direct)
            .await
            .unwrap()
    }

    async fn drop_schema(direct: &mut MySqlConnection, name: &str) {
        let sql = AssertSqlSafe(format!("DROP DATABASE {name}"));
        sqlx::query(sql).execute(direct).await.unwrap();
    }

    sweeps!(mysql, mysql);

    #[tokio::test]
    async fn a_block_on_mysql_can_be_dropped_anywhere() {
        let Some(url) = servers::mysql() else {
            return;
        };
        println!("{} points", all_sweeps(&url).await);
    }

    #[tokio::test]
    async fn a_nested_block_on_mysql_can_be_dropped_anywhere() {
        let Some(url) = servers::mysql() else {
            return;
        };
        for shape in [Shape::Nested, Shape::NestedFails] {
            for held in Held::BOTH {
                let points = give_up_nested(&url, shape, held).await;
                println!("{shape:?} given up, {held:?} held: {points} points");
                assert!(points >= 3, "{points}");
            }
        }
    }
}

mod on_sqlite {
    use super::*;

    struct Setup {
        pool: SqlitePool,
        direct: SqliteConnection,
        _directory: tempfile::TempDir,
    }

    async fn setup() -> Setup {
        let directory = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(directory.path().join("rows.db"))
            .create_if_missing(true)
            .busy_timeout(PATIENCE);
        let mut direct = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query("CREATE TABLE rows_of (id INTEGER PRIMARY KEY)")
            .execute(&mut direct)
            .await
            .unwrap();
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .acquire_timeout(PATIENCE)
            .connect_with(options)
            .await
            .unwrap();
        Setup {
            pool,
            direct,
            _directory: directory,
        }
    }

    /// How often a future is pending depends on how fast the connection's thread is; wherever it is
    /// dropped, the promises hold.
    #[tokio::test]
    async fn a_block_on_sqlite_can_be_dropped_anywhere() {
        for (shape, written, expected) in ROWS {
            for point in 0.. {
                let Setup {
                    pool,
                    mut direct,
                    _directory,
                } = setup().await;
                let calls = Calls::default();
                let future = sqlite::block(&pool, "rows_of", shape, &calls);
                let output = drop_at_pending(future, point).await;
                let completed = output.is_some();
                if let Some(output) = output {
                    output.unwrap();
                }
                // Writes on a connection of its own would wait for ever if a transaction was open.
                sqlite::next_user(&pool, "rows_of").await;
                let context = format!("{shape:?} dropped at {point}");
                sqlite::insert(&mut direct, "rows_of", -1).await.unwrap();
                let mut rows = sqlite::rows(&mut direct, "rows_of").await.unwrap();
                assert_eq!(rows.remove(0), -1);
                let found = Found {
                    context,
                    completed,
                    rows,
                };
                found.check(written, expected, &calls).await;
                pool.close().await;
                if completed {
                    println!("{shape:?}: {point} points");
                    // How many there are depends on how fast the connection's thread answers.
                    assert!(point >= 1, "{point}");
                    break;
                }
            }
        }
    }

    #[tokio::test]
    async fn a_nested_block_on_sqlite_can_be_dropped_anywhere() {
        for shape in [Shape::Nested, Shape::NestedFails] {
            // The connection's thread may answer before anybody has waited for it.
            let mut points = 0;
            for _ in 0..100 {
                points += give_up_nested(shape).await;
                if points >= 3 {
                    break;
                }
            }
            println!("{shape:?} given up: {points} points");
            assert!(points >= 3, "{points}");
        }
    }

    async fn give_up_nested(shape: Shape) -> usize {
        for point in 1.. {
            let Setup {
                pool,
                mut direct,
                _directory,
            } = setup().await;
            let calls = Calls::default();
            let mut polls = 0;
            // Polled after the nested block, whenever that is pending.
            let limit = || {
                std::future::poll_fn(move |_| {
                    polls += 1;
                    if polls == point {
                        std::task::Poll::Ready(())
                    } else {
                        std::task::Poll::Pending
                    }
                })
            };
            let block = sqlite::giving_up(&pool, "rows_of", &calls, shape, limit, || ());
            let given_up = tokio::time::timeout(PATIENCE, block).await;
            let given_up = given_up.expect("the block goes on");
            sqlite::next_user(&pool, "rows_of").await;
            let rows = sqlite::rows(&mut direct, "rows_of").await.unwrap();
            pool.close().await;
            let context = format!("{shape:?} given up at {point}: {given_up:?}");
            if let Ok(false) = given_up {
                let nested = if shape == Shape::Nested { 4 } else { 3 };
                assert_eq!(rows.len(), nested, "{context}");
                return point - 1;
            }
            assert_given_up(&given_up, &rows, &calls, &context);
        }
        unreachable!("the numbers do not end")
    }
}
