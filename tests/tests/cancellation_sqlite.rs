//! Futures on a SQLite file of sqlx, dropped whenever they happen to be pending.
//!
//! Futures that wait for a server are dropped in `contract/wire.rs`.
#![allow(missing_docs, reason = "a test program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test says where"
)]

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use commit_on_success::{Error, RollbackOnly, commit_on_success, defer, in_transaction};
use commit_on_success_tests::faults::Tally;
use commit_on_success_tests::polling::drop_at_pending;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions};

/// Much longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("database")]
    Database(#[from] sqlx::Error),
    #[error("transaction")]
    Transaction(#[from] Error),
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

async fn insert(connection: &mut SqliteConnection, row: i64) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO item (id) VALUES (?)";
    sqlx::query(sql).bind(row).execute(connection).await?;
    Ok(())
}

async fn rows(connection: &mut SqliteConnection) -> Result<Vec<i64>, sqlx::Error> {
    let sql = "SELECT id FROM item ORDER BY id";
    sqlx::query_scalar(sql).fetch_all(connection).await
}

/// With the only connection of the pool, which has to be there again.
async fn call_later(pool: SqlitePool, calls: Calls) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let rows = rows(&mut connection).await?;
    assert!(rows.contains(&1), "{rows:?}");
    calls.made(2);
    Ok(())
}

#[commit_on_success(connection = pool)]
async fn block(pool: &SqlitePool, shape: Shape, calls: &Calls) -> Result<(), AppError> {
    insert(connection, 1).await?;
    defer!(calls.clone().made(1));
    defer!(call_later(pool.clone(), calls.clone()).await);
    if shape != Shape::Flat {
        let nested = nested(connection, shape, calls).await;
        assert_eq!(nested.is_err(), shape == Shape::NestedFails);
    }
    insert(connection, 3).await?;
    defer!(calls.clone().made(4));
    Ok(())
}

#[commit_on_success]
async fn nested(
    connection: &mut SqliteConnection,
    shape: Shape,
    calls: &Calls,
) -> Result<(), AppError> {
    insert(connection, 2).await?;
    defer!(calls.clone().made(3));
    if shape == Shape::NestedFails {
        return Err(AppError::Database(sqlx::Error::RowNotFound));
    }
    Ok(())
}

/// Gives up the nested block when `limit` is reached, and goes on.
#[commit_on_success(connection = pool)]
async fn giving_up<F: Future<Output = ()>>(
    pool: &SqlitePool,
    calls: &Calls,
    shape: Shape,
    limit: impl FnOnce() -> F,
    after: impl FnOnce(),
) -> Result<bool, AppError> {
    insert(connection, 1).await?;
    defer!(calls.clone().made(1));
    let given_up = tokio::select! {
        biased;
        nested = nested(connection, shape, calls) => {
            assert_eq!(nested.is_err(), shape == Shape::NestedFails);
            false
        }
        () = limit() => true,
    };
    after();
    insert(connection, 3).await?;
    Ok(given_up)
}

async fn next_user(pool: &SqlitePool) {
    let next = async {
        let mut connection = pool.acquire().await.unwrap();
        insert(&mut connection, 100).await.unwrap();
    };
    let in_time = tokio::time::timeout(PATIENCE, next).await;
    in_time.expect("the pool hands its connection out again");
}

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
    async fn judge(self, written: &[i64], expected: &[u32], calls: &Calls, tally: &mut Tally) {
        let Self {
            context,
            completed,
            mut rows,
        } = self;
        let next = rows.pop();
        let about = |what: &str| format!("{what}, {context}: {rows:?}, {:?}", calls.seen());
        tally.promise(next == Some(100), || about("the next user's row is lost"));
        let whole = rows == written;
        tally.promise(rows.is_empty() || whole, || about("half of it"));
        tally.promise(!completed || whole, || about("no commit"));
        if rows.is_empty() {
            tally.promise(calls.seen().is_empty(), || about("calls without a commit"));
            return;
        }
        let seen = async || calls.seen().len() >= expected.len();
        eventually(&format_args!("calls that do not run, {context}"), seen).await;
        tally.promise(calls.seen() == expected, || about("other calls"));
    }
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
        Err(AppError::Transaction(error)) => {
            let why = error.rollback_only();
            assert_eq!(why, Some(RollbackOnly::NestedCancelled), "{context}");
        }
        // The connection did not survive: the body's own error.
        Err(AppError::Database(_)) => {}
    }
    assert_eq!(rows, [100], "{context}");
    assert!(calls.seen().is_empty(), "{context}");
}

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
    sqlx::query("CREATE TABLE item (id INTEGER PRIMARY KEY)")
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
    let mut tally = Tally::new("futures dropped while they are pending, sqlx-sqlite");
    for (shape, written, expected) in ROWS {
        for point in 0.. {
            let Setup {
                pool,
                mut direct,
                _directory,
            } = setup().await;
            let calls = Calls::default();
            let future = block(&pool, shape, &calls);
            let output = drop_at_pending(future, point).await;
            let completed = output.is_some();
            if let Some(output) = output {
                output.unwrap();
            }
            // Writes on a connection of its own would wait for ever if a transaction was open.
            next_user(&pool).await;
            let context = format!("{shape:?} dropped at {point}");
            insert(&mut direct, -1).await.unwrap();
            let mut rows = rows(&mut direct).await.unwrap();
            assert_eq!(rows.remove(0), -1);
            let found = Found {
                context,
                completed,
                rows,
            };
            found.judge(written, expected, &calls, &mut tally).await;
            pool.close().await;
            if completed {
                // How many there are depends on how fast the connection's thread answers.
                assert!(point >= 1, "{point}");
                break;
            }
            tally.inject();
        }
    }
    tally.publish();
}

#[tokio::test]
async fn a_nested_block_on_sqlite_can_be_dropped_anywhere() {
    let mut tally = Tally::new("nested blocks given up while they are pending, sqlx-sqlite");
    for shape in [Shape::Nested, Shape::NestedFails] {
        // The connection's thread may answer before anybody has waited for it.
        let mut points = 0;
        for _ in 0..100 {
            points += give_up_nested(shape).await;
            if points >= 3 {
                break;
            }
        }
        assert!(points >= 3, "{points}");
        (0..points).for_each(|_| tally.inject());
    }
    tally.publish();
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
        let block = giving_up(&pool, &calls, shape, limit, || ());
        let given_up = tokio::time::timeout(PATIENCE, block).await;
        let given_up = given_up.expect("the block goes on");
        next_user(&pool).await;
        let rows = rows(&mut direct).await.unwrap();
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
