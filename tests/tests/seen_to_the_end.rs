//! Steps that go on when the future that has begun them is dropped, on the scripted driver and a runtime of tokio.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::pin;

use commit_on_success::signals::{post_commit, post_rollback};
use commit_on_success::{commit_on_success, defer, in_transaction};
use commit_on_success_tests::faults::Tally;
use commit_on_success_tests::polling::{Cut, drop_at_pending, poll_once, settle};
use commit_on_success_tests::scripted::{Answer, AppError, Connection, Database, Pool, Step};
use tokio::runtime::Runtime;

/// A runtime whose tasks run when somebody waits, and not before.
fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.build().unwrap()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Flat,
    Nested,
    /// The first call fails, the second panics.
    BadCalls,
}

async fn note_later(database: Database, line: &'static str) {
    tokio::task::yield_now().await;
    assert!(!in_transaction());
    database.note(line);
}

/// Unwinds as a panic does, but without a message on standard error.
fn panics() {
    resume_unwind(Box::new("call 3 panics"));
}

#[commit_on_success(tx = pool)]
async fn block(pool: &Pool, shape: Shape) -> Result<(), AppError> {
    let database = tx.database().clone();
    tx.insert_later(1).await?;
    defer!(database.clone().note("call 1"));
    if shape == Shape::BadCalls {
        defer!(Err::<(), _>("call 2 fails"));
        defer!(panics());
    }
    defer!(note_later(database.clone(), "call 4").await);
    let (committed, rolled_back) = (database.clone(), database.clone());
    let connected = post_commit().connect(move |_| committed.note("call 5"));
    connected.map_err(|_| AppError::Body("not in a transaction"))?;
    let connected = post_rollback().connect(move |_| rolled_back.note("rolled back"));
    connected.map_err(|_| AppError::Body("not in a transaction"))?;
    if shape == Shape::Nested {
        nested(tx).await?;
    }
    defer!(database.note("call 7"));
    Ok(())
}

#[commit_on_success]
async fn nested(conn: &mut Connection) -> Result<(), AppError> {
    conn.insert_later(2).await?;
    defer!(conn.database().clone().note("call 6"));
    Ok(())
}

fn calls(database: &Database) -> Vec<String> {
    let mut calls = database.log();
    calls.retain(|line| line.starts_with("call"));
    calls
}

fn expected(shape: Shape) -> &'static [&'static str] {
    match shape {
        Shape::Flat | Shape::BadCalls => &["call 1", "call 4", "call 5", "call 7"],
        Shape::Nested => &["call 1", "call 4", "call 5", "call 6", "call 7"],
    }
}

/// Drops the future where it has been pending so many times, and lets the tasks end.
fn drop_at(shape: Shape, database: &Database, point: usize) -> Cut {
    let pool = database.pool();
    runtime().block_on(async {
        let dropped = drop_at_pending(AssertUnwindSafe(block(&pool, shape)), point);
        let output = futures_util::FutureExt::catch_unwind(AssertUnwindSafe(dropped)).await;
        settle().await;
        match output {
            Ok(output) => Cut::of(output.as_ref()),
            // A call of the block has panicked, and the block was not dropped.
            Err(_) => Cut::Completed,
        }
    })
}

fn judge(database: &Database, shape: Shape, point: usize, tally: &mut Tally) {
    let context = || format!("{shape:?} dropped at {point}: {database:?}");
    let stored = !database.durable().is_empty();
    let mut calls = calls(database);
    calls.sort_unstable();
    let expected = if stored { expected(shape) } else { &[] };
    tally.promise(calls == expected, context);
    let open = database.left_open() || database.count("return open") > 0;
    tally.promise(!open && !in_transaction(), context);
    let told = database.count("rolled back");
    tally.promise(!(stored && told > 0), context);
    tally.promise(database.count("close") == 0, context);
}

#[test]
fn a_row_is_never_without_its_calls_wherever_the_future_is_dropped() {
    let mut tally = Tally::new("futures dropped at each pause, scripted driver on tokio");
    for shape in [Shape::Flat, Shape::Nested, Shape::BadCalls] {
        let mut points = 0;
        loop {
            let database = Database::new().pausing(2);
            let cut = drop_at(shape, &database, points);
            judge(&database, shape, points, &mut tally);
            if cut == Cut::Completed {
                break;
            }
            tally.inject();
            points += 1;
        }
        assert!(points > 15, "{points}");
    }
    tally.publish();
}

/// Drops a future at each point at which its COMMIT is under way, and not yet answered as the script says.
fn at_commit(answer: Answer, check: impl Fn(&Database, usize)) {
    let mut seen = 0;
    for point in 0.. {
        let database = Database::new().pausing(2).on(Step::Commit, answer);
        let pool = database.pool();
        runtime().block_on(async {
            let mut future = Box::pin(block(&pool, Shape::Flat));
            for _ in 0..point {
                assert!(poll_once(future.as_mut()).is_pending());
            }
            drop(future);
            let answered = database.count("commit");
            settle().await;
            if answered < database.count("commit") {
                check(&database, point);
                seen += 1;
            }
        });
        if seen == 2 {
            return;
        }
    }
}

#[test]
fn a_refused_commit_is_rolled_back_although_nobody_waits() {
    for answer in [Answer::Refused, Answer::Aborted, Answer::Conflict] {
        at_commit(answer, |database, point| {
            assert_eq!(database.durable(), [0; 0], "{point}: {database:?}");
            assert_eq!(calls(database), [""; 0], "{point}: {database:?}");
            assert_eq!(database.count("rollback"), 1, "{point}: {database:?}");
            assert_eq!(database.count("rolled back"), 1, "{point}: {database:?}");
            assert_eq!(database.count("return"), 1, "{point}: {database:?}");
        });
    }
}

#[test]
fn a_commit_whose_outcome_is_unknown_runs_nothing_and_closes_the_connection() {
    for answer in [Answer::Lost, Answer::LostButDone] {
        at_commit(answer, |database, point| {
            assert_eq!(calls(database), [""; 0], "{point}: {database:?}");
            assert_eq!(database.count("rolled back"), 0, "{point}: {database:?}");
            assert_eq!(database.count("close"), 1, "{point}: {database:?}");
        });
    }
}

#[test]
fn a_driver_that_panics_in_a_commit_that_goes_on_gives_its_connection_to_nobody() {
    at_commit(Answer::Panic, |database, point| {
        assert_eq!(calls(database), [""; 0], "{point}: {database:?}");
        assert_eq!(database.count("close"), 1, "{point}: {database:?}");
    });
}

#[test]
fn a_runtime_that_ends_before_the_commit_closes_the_connection_and_runs_nothing() {
    for answer in [Answer::Never, Answer::NeverButDone] {
        let database = Database::new().on(Step::Commit, answer);
        let pool = database.pool();
        let runtime = runtime();
        runtime.block_on(async {
            let mut future = pin!(block(&pool, Shape::Flat));
            while !database.is_stuck() {
                assert!(poll_once(future.as_mut()).is_pending());
            }
        });
        runtime.block_on(settle());
        assert_eq!(database.count("close"), 0, "{database:?}");
        drop(runtime);
        assert_eq!(database.count("close"), 1, "{database:?}");
        assert_eq!(calls(&database), [""; 0], "{database:?}");
        assert_eq!(database.count("rolled back"), 0, "{database:?}");
    }
}

#[test]
fn without_a_runtime_a_commit_under_way_closes_its_connection() {
    let database = Database::new().pausing(1);
    let pool = database.pool();
    let mut future = Box::pin(block(&pool, Shape::Flat));
    while database.count("commit") == 0 {
        assert!(poll_once(future.as_mut()).is_pending());
    }
    drop(future);
    assert_eq!(database.count("close"), 1, "{database:?}");
    assert_eq!(calls(&database), [""; 0], "{database:?}");
}

#[test]
fn a_connection_that_cannot_be_recovered_is_closed() {
    for answer in [
        Answer::Failed,
        Answer::HalfDone,
        Answer::Disconnected,
        Answer::Panic,
    ] {
        let database = Database::new().pausing(1).on(Step::Recover, answer);
        let pool = database.pool();
        runtime().block_on(async {
            let mut future = Box::pin(block(&pool, Shape::Flat));
            while database.count("begin") == 0 {
                assert!(poll_once(future.as_mut()).is_pending());
            }
            drop(future);
            settle().await;
        });
        assert_eq!(database.count("recover"), 1, "{database:?}");
        assert_eq!(database.count("close"), 1, "{database:?}");
    }
}

#[commit_on_success]
async fn lent(conn: &mut Connection) -> Result<(), AppError> {
    conn.insert_later(1).await?;
    defer!(conn.database().clone().note("call 1"));
    Ok(())
}

#[test]
fn a_borrowed_connection_is_left_with_its_owner() {
    let database = Database::new().pausing(1);
    let mut connection = database.connection();
    runtime().block_on(async {
        let mut future = Box::pin(lent(&mut connection));
        while database.count("commit") == 0 {
            assert!(poll_once(future.as_mut()).is_pending());
        }
        drop(future);
        settle().await;
    });
    assert_eq!(database.durable(), [1]);
    assert_eq!(calls(&database), [""; 0], "{database:?}");
    assert!(database.discarded(), "{database:?}");
}
