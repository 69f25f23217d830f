//! A million calls in one transaction: all of them run, and what they need is given back.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::alloc::System;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use commit_on_success::{commit_on_success, defer, in_transaction, pending};
use commit_on_success_tests::faults::Tally;
use commit_on_success_tests::journal::Failure;
use sqlx::{Connection as _, SqliteConnection};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const MILLION: usize = 1_000_000;

/// Who prints the results of other tests allocates as well, but not much.
const NOISE: usize = 64 * 1024;

/// What is counted is counted for the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kept(stats: &Stats) -> usize {
    stats
        .bytes_allocated
        .saturating_sub(stats.bytes_deallocated)
}

/// Checks that each call runs once, in the order in which they were deferred.
#[derive(Clone, Default)]
struct Order {
    run: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

impl Order {
    fn call(&self, number: usize) -> Call {
        Call(self.clone(), number)
    }
}

/// Is dropped, whether it has run or not.
struct Call(Order, usize);

impl Call {
    fn run(self) {
        let run = self.0.run.fetch_add(1, Ordering::Relaxed);
        // A failed assertion would be one more panic among those that the toolkit collects.
        if run != self.1 || in_transaction() {
            self.0.run.store(usize::MAX / 2, Ordering::Relaxed);
        }
    }

    fn run_or_panic(self, panicking: usize) {
        let number = self.1;
        self.run();
        if number == panicking {
            // Without a message on standard error.
            resume_unwind(Box::new(number));
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// Runs it twice, as the first run fills caches, and says what the second run needed: what is left, and
/// what all the calls needed while they waited, if that is returned.
fn measure(kind: &str, mut run: impl FnMut(&Order) -> Option<usize>) {
    let mut tally = Tally::new(kind);
    for round in 0..2 {
        let order = Order::default();
        let region = Region::new(ALLOCATOR);
        let waiting = run(&order);
        let left = kept(&region.change());
        tally.inject();
        let (run, dropped) = (
            order.run.load(Ordering::Relaxed),
            order.dropped.load(Ordering::Relaxed),
        );
        tally.promise(run == MILLION, || format!("{run} calls ran"));
        tally.promise(dropped == MILLION, || format!("{dropped} were dropped"));
        if round == 1 {
            tally.promise(left < NOISE, || format!("{left} bytes are left"));
            tally.measure("bytes left", u64::try_from(left).unwrap());
            if let Some(bytes) = waiting {
                tally.measure("bytes per call", u64::try_from(bytes / MILLION).unwrap());
            }
        }
    }
    tally.publish();
}

#[commit_on_success]
fn many(
    connection: &mut rusqlite::Connection,
    order: &Order,
    panicking: usize,
) -> Result<usize, Failure> {
    let region = Region::new(ALLOCATOR);
    for number in 0..MILLION {
        let call = order.call(number);
        defer!(move || call.run_or_panic(panicking));
    }
    assert_eq!(pending(), MILLION);
    connection.execute("INSERT INTO row DEFAULT VALUES", ())?;
    Ok(kept(&region.change()))
}

/// Deeper than a thread has room for without allocating.
#[commit_on_success]
fn deep(connection: &mut rusqlite::Connection, depth: usize) -> Result<(), Failure> {
    if depth > 1 {
        deep(connection, depth - 1)?;
    }
    Ok(())
}

// What a thread has of its own is not dropped when it ends.
#[test]
fn threads_that_have_nested_deeply_leave_nothing_behind() {
    let _alone = alone();
    let nest = || {
        let thread = thread::spawn(|| deep(&mut in_memory(), 100));
        thread.join().unwrap().unwrap();
    };
    nest();
    let region = Region::new(ALLOCATOR);
    (0..100).for_each(|_| nest());
    let left = kept(&region.change());
    assert!(left < NOISE, "{left} bytes are left");
}

fn in_memory() -> rusqlite::Connection {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    connection
        .execute_batch("CREATE TABLE row (id INTEGER PRIMARY KEY)")
        .unwrap();
    connection
}

fn count(connection: &rusqlite::Connection) -> i64 {
    let count = connection.query_one("SELECT count(*) FROM row", (), |row| row.get(0));
    count.unwrap()
}

#[test]
fn a_million_calls_run_once_and_in_order_and_leave_nothing_behind() {
    let _alone = alone();
    let mut connection = in_memory();
    measure("a million calls, rusqlite", |order| {
        Some(many(&mut connection, order, usize::MAX).unwrap())
    });
    assert_eq!(count(&connection), 2);
}

#[test]
fn a_panic_among_a_million_calls_loses_none_of_the_others() {
    let _alone = alone();
    let mut connection = in_memory();
    measure("a panic among a million calls, rusqlite", |order| {
        let run = || many(&mut connection, order, MILLION / 2);
        let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        assert_eq!(payload.downcast_ref::<usize>(), Some(&(MILLION / 2)));
        None
    });
    assert_eq!(count(&connection), 2);
    assert!(connection.is_autocommit());
}

/// One half of them is sync.
#[commit_on_success]
async fn many_later(connection: &mut SqliteConnection, order: &Order) -> Result<usize, Failure> {
    let region = Region::new(ALLOCATOR);
    for number in 0..MILLION {
        let call = order.call(number);
        if number % 2 == 0 {
            defer!(call.run());
        } else {
            defer!(async move { call.run() });
        }
    }
    assert_eq!(pending(), MILLION);
    let insert = sqlx::query("INSERT INTO row DEFAULT VALUES");
    insert.execute(connection).await?;
    Ok(kept(&region.change()))
}

#[test]
fn a_million_async_calls_run_once_and_in_order_and_leave_nothing_behind() {
    let _alone = alone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut connection = runtime.block_on(async {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let table = sqlx::query("CREATE TABLE row (id INTEGER PRIMARY KEY)");
        table.execute(&mut connection).await.unwrap();
        connection
    });
    measure("a million calls, sqlx-sqlite", |order| {
        let ended = runtime.block_on(many_later(&mut connection, order));
        Some(ended.unwrap())
    });
    let count = sqlx::query_scalar("SELECT count(*) FROM row").fetch_one(&mut connection);
    let count: i64 = runtime.block_on(count).unwrap();
    assert_eq!(count, 2);
}
