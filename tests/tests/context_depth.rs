//! How deep blocks nest, how many calls wait, and calls that defer calls.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use commit_on_success::{commit_on_success, defer, in_transaction, pending};
use commit_on_success_tests::polling::complete;
use commit_on_success_tests::scripted::{AppError, Connection, Database};

/// A call on the way in, and one on the way out.
#[commit_on_success]
fn recursive(
    connection: &mut Connection,
    depth: usize,
    failing: usize,
    order: &Order,
) -> Result<(), AppError> {
    order.expect_next_call();
    let sequence = order.next();
    let run = order.clone();
    defer!(move || run.check(sequence));
    if depth > 1 {
        let _caught = recursive(connection, depth - 1, failing, order);
    }
    if depth == failing {
        order.forget(sequence);
        return Err(AppError::Body("failing level"));
    }
    Ok(())
}

/// Checks that calls run in the order in which they were deferred.
#[derive(Clone, Default)]
struct Order {
    deferred: Arc<AtomicUsize>,
    run: Arc<AtomicUsize>,
}

impl Order {
    fn next(&self) -> usize {
        self.deferred.fetch_add(1, Ordering::Relaxed)
    }

    fn expect_next_call(&self) {
        assert!(in_transaction());
        assert_eq!(pending(), self.deferred.load(Ordering::Relaxed));
    }

    fn check(&self, sequence: usize) {
        assert!(!in_transaction());
        assert_eq!(self.run.fetch_add(1, Ordering::Relaxed), sequence);
    }

    /// The calls from this one on were dropped.
    fn forget(&self, sequence: usize) {
        self.deferred.store(sequence, Ordering::Relaxed);
    }

    fn seen(&self) -> usize {
        self.run.load(Ordering::Relaxed)
    }
}

#[test]
fn twenty_blocks_nest_and_each_can_fail_alone() {
    for failing in 0..=20 {
        let (database, order) = (Database::new(), Order::default());
        let result = recursive(&mut database.connection(), 20, failing, &order);
        // The level that fails takes those inside it with it.
        let expected = if failing == 0 { 20 } else { 20 - failing };
        assert_eq!(result.is_err(), failing == 20);
        assert_eq!(order.seen(), expected, "failing at {failing}");
        assert_eq!(database.count("savepoint 19"), 1);
        assert!(!database.left_open());
        assert!(!in_transaction());
    }
}

fn recursive_later<'c>(
    connection: &'c mut Connection,
    depth: usize,
    failing: usize,
    order: &'c Order,
) -> Pin<Box<dyn Future<Output = Result<(), AppError>> + Send + 'c>> {
    Box::pin(level_later(connection, depth, failing, order))
}

#[commit_on_success]
async fn level_later(
    connection: &mut Connection,
    depth: usize,
    failing: usize,
    order: &Order,
) -> Result<(), AppError> {
    order.expect_next_call();
    let sequence = order.next();
    let run = order.clone();
    defer!(async move { run.check(sequence) });
    if depth > 1 {
        let _caught = recursive_later(connection, depth - 1, failing, order).await;
    }
    if depth == failing {
        order.forget(sequence);
        return Err(AppError::Body("failing level"));
    }
    Ok(())
}

#[test]
fn twenty_async_blocks_nest_across_suspensions() {
    for failing in 0..=20 {
        let (database, order) = (Database::new().pausing(2), Order::default());
        let future = async { level_later(&mut database.connection(), 20, failing, &order).await };
        let result = complete(future);
        let expected = if failing == 0 { 20 } else { 20 - failing };
        assert_eq!(result.is_err(), failing == 20);
        assert_eq!(order.seen(), expected, "failing at {failing}");
        assert!(!in_transaction());
    }
}

#[test]
fn ten_thousand_blocks_nest() {
    const DEPTH: usize = 10_000;
    let thread = std::thread::Builder::new()
        .stack_size(512 * 1024 * 1024)
        .spawn(|| {
            let (database, order) = (Database::new(), Order::default());
            deep(&mut database.connection(), DEPTH, &order).unwrap();
            assert_eq!(order.seen(), DEPTH);
            assert_eq!(database.count("commit"), 1);
            assert_eq!(database.count("savepoint 9999"), 1);
            assert!(!in_transaction());
        });
    thread.unwrap().join().unwrap();
}

#[commit_on_success]
fn deep(connection: &mut Connection, depth: usize, order: &Order) -> Result<(), AppError> {
    let (sequence, run) = (order.next(), order.clone());
    defer!(move || run.check(sequence));
    if depth > 1 {
        deep(connection, depth - 1, order)?;
    }
    Ok(())
}

#[commit_on_success]
fn many(connection: &mut Connection, calls: usize, order: &Order) -> Result<(), AppError> {
    for _ in 0..calls {
        let (sequence, run) = (order.next(), order.clone());
        defer!(move || run.check(sequence));
    }
    connection.insert(1)?;
    Ok(())
}

#[commit_on_success]
async fn many_later(
    connection: &mut Connection,
    calls: usize,
    order: &Order,
) -> Result<(), AppError> {
    for _ in 0..calls {
        let (sequence, run) = (order.next(), order.clone());
        defer!(async move { run.check(sequence) });
    }
    connection.insert(1)?;
    Ok(())
}

#[test]
fn a_million_calls_run_in_order() {
    const CALLS: usize = 1_000_000;
    let (database, order) = (Database::new(), Order::default());
    many(&mut database.connection(), CALLS, &order).unwrap();
    assert_eq!(order.seen(), CALLS);

    let order = Order::default();
    complete(many_later(&mut database.connection(), CALLS, &order)).unwrap();
    assert_eq!(order.seen(), CALLS);
}

/// Defers one when it is dropped, if it still has something to defer.
struct DeferringOnDrop(Database, &'static str);

impl Drop for DeferringOnDrop {
    fn drop(&mut self) {
        let (database, line) = (self.0.clone(), self.1);
        database.note(if in_transaction() {
            "dropped inside"
        } else {
            "dropped outside"
        });
        defer!(database.note(line));
    }
}

impl DeferringOnDrop {
    fn run(self) {
        self.0.note("call");
    }
}

#[commit_on_success]
fn with_deferring_capture(connection: &mut Connection, succeed: bool) -> Result<(), AppError> {
    let capture = DeferringOnDrop(connection.database().clone(), "call of the destructor");
    defer!(capture.run());
    if succeed {
        Ok(())
    } else {
        Err(AppError::Body("no"))
    }
}

#[test]
fn a_call_deferred_by_a_captures_destructor_runs_outside_of_any_transaction() {
    for succeed in [true, false] {
        let database = Database::new();
        let result = with_deferring_capture(&mut database.connection(), succeed);
        assert_eq!(result.is_ok(), succeed);
        let mut log = database.log();
        log.retain(|line| line.contains("call") || line.contains("dropped"));
        let mut expected = vec!["dropped outside", "call of the destructor"];
        if succeed {
            expected.insert(0, "call");
        }
        assert_eq!(log, expected);
    }
}

#[commit_on_success]
fn around_deferring_capture(connection: &mut Connection, succeed: bool) -> Result<(), AppError> {
    let _caught = with_deferring_capture(connection, false);
    assert_eq!(pending(), 0);
    if succeed {
        Ok(())
    } else {
        Err(AppError::Body("no"))
    }
}

// Captures are dropped outside of any transaction, also those of a nested block.
#[test]
fn a_call_deferred_by_the_destructor_of_a_nested_capture_runs_once_and_at_once() {
    for succeed in [true, false] {
        let database = Database::new();
        let result = around_deferring_capture(&mut database.connection(), succeed);
        assert_eq!(result.is_ok(), succeed);
        assert_eq!(database.count("dropped outside"), 1, "{database:?}");
        assert_eq!(database.count("call of the destructor"), 1, "{database:?}");
    }
}

fn countdown(database: &Database, from: usize) {
    if from > 0 {
        assert!(!in_transaction());
        let next = database.clone();
        defer!(move || countdown(&next, from - 1));
        database.note("counted");
    }
}

#[commit_on_success]
fn counting(connection: &mut Connection) -> Result<(), AppError> {
    let database = connection.database().clone();
    defer!(move || countdown(&database, 100));
    defer!(connection.database().clone().note("call after"));
    assert_eq!(pending(), 2);
    Ok(())
}

#[test]
fn a_call_that_defers_a_call_runs_it_at_once() {
    let database = Database::new();
    counting(&mut database.connection()).unwrap();
    assert_eq!(database.count("counted"), 100);
    assert_eq!(database.log().last().unwrap(), "call after");
}

#[commit_on_success]
async fn counting_later(connection: &mut Connection) -> Result<(), AppError> {
    let database = connection.database().clone();
    let copy = database.clone();
    defer!(async move {
        assert!(!in_transaction());
        defer!(copy.clone().note_later("inner call").await);
        assert_eq!(copy.count("inner call"), 1);
    });
    defer!(database.note_later("call after").await);
    Ok(())
}

#[test]
fn an_async_call_that_defers_an_async_call_runs_it_at_once() {
    let database = Database::new().pausing(3);
    complete(counting_later(&mut database.connection())).unwrap();
    assert_eq!(database.log()[3..], ["inner call", "call after"]);
}
