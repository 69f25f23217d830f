//! Transactions while a thread unwinds or ends, and futures that are dropped on another thread.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::thread;

use commit_on_success::{commit_on_success, defer, in_transaction, pending, try_defer};
use commit_on_success_tests::noting::{
    assert_cancelled, assert_committed, calls, note_rollback, noted,
};
use commit_on_success_tests::polling::{complete, poll_once};
use commit_on_success_tests::scripted::{AppError, Connection, Database, pause};

#[test]
fn a_panic_beside_a_transaction_cancels_it() {
    let (first, second) = (Database::new(), Database::new());
    let both = async {
        futures_util::join!(noted(first.clone(), 10), async {
            let mut connection = second.connection();
            panicking(&mut connection).await
        })
    };
    let payload = catch_unwind(AssertUnwindSafe(|| complete(both))).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"beside"));
    assert!(!in_transaction());
    assert_cancelled(&first);
    assert_eq!(second.durable(), [0_i64; 0]);
    assert_eq!(calls(&second), ["call Panic"]);
}

#[commit_on_success]
async fn panicking(connection: &mut Connection) -> Result<(), AppError> {
    note_rollback(connection.database());
    connection.insert(1)?;
    pause(2).await;
    // Without a message on standard error.
    resume_unwind(Box::new("beside"))
}

type Boxed = Pin<Box<dyn Future<Output = Result<(), AppError>> + Send>>;

/// A transaction that waits in its nested block.
fn half_way(database: &Database) -> Boxed {
    let mut future: Boxed = Box::pin(noted(database.clone(), 2));
    for _ in 0..3 {
        assert!(poll_once(future.as_mut()).is_pending());
        assert!(!in_transaction());
    }
    assert!(database.left_open());
    future
}

#[commit_on_success]
fn dropping(connection: &mut Connection, other: Boxed) -> Result<(), AppError> {
    defer!(connection.database().clone().note("call"));
    drop(other);
    assert_eq!(pending(), 1);
    connection.insert(7)?;
    Ok(())
}

#[test]
fn a_future_that_is_dropped_on_another_thread_rolls_back_there() {
    let (outside, inside) = (Database::new(), Database::new());
    let futures = thread::scope(|scope| {
        let polled = scope.spawn(|| (half_way(&outside), half_way(&inside)));
        polled.join().unwrap()
    });
    let database = Database::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            drop(futures.0);
            assert!(!in_transaction());
            // Inside a transaction that has nothing to do with it.
            dropping(&mut database.connection(), futures.1).unwrap();
        });
    });
    assert_cancelled(&outside);
    assert_cancelled(&inside);
    assert_eq!(database.durable(), [7]);
    assert_eq!(calls(&database), ["call"]);
}

#[test]
fn a_future_that_a_panic_takes_along_was_cancelled() {
    let database = Database::new();
    let future = half_way(&database);
    let thread = thread::spawn(move || {
        let _future = future;
        resume_unwind(Box::new("of the thread"));
    });
    let payload = thread.join().unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"of the thread"));
    assert_cancelled(&database);
}

/// Goes on with a transaction, and begins others, in its destructor.
struct Finishing<'d>(Option<Boxed>, [&'d Database; 3]);

impl Drop for Finishing<'_> {
    fn drop(&mut self) {
        assert!(thread::panicking());
        let [sync, later, fails] = self.1;
        if let Some(future) = self.0.take() {
            complete(future).unwrap();
        }
        flat(&mut sync.connection(), Ok(())).unwrap();
        complete(noted(later.clone(), 1)).unwrap();
        let fails = flat(&mut fails.connection(), Err("no"));
        assert!(matches!(fails, Err(AppError::Body("no"))));
        assert!(!in_transaction());
    }
}

#[commit_on_success]
fn flat(connection: &mut Connection, end: Result<(), &'static str>) -> Result<(), AppError> {
    let database = connection.database().clone();
    note_rollback(&database);
    defer!(database.note("call"));
    connection.insert(1)?;
    end.map_err(AppError::Body)
}

#[test]
fn transactions_work_while_the_thread_unwinds() {
    let databases: [_; 4] = std::array::from_fn(|_| Database::new());
    let [half, sync, later, fails] = &databases;
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _finishing = Finishing(Some(half_way(half)), [sync, later, fails]);
        resume_unwind(Box::new("around"));
    }));
    unwound.unwrap_err();
    assert_committed(half);
    assert_committed(later);
    assert_eq!(sync.durable(), [1]);
    assert_eq!(calls(sync), ["call"]);
    assert_eq!(fails.durable(), [0_i64; 0]);
    assert_eq!(calls(fails), ["call Error"]);
}

/// Keeps a transaction until its thread ends.
struct Parked(Option<Boxed>, Database);

impl Drop for Parked {
    fn drop(&mut self) {
        assert!(!in_transaction());
        assert_eq!(pending(), 0);
        self.0 = None;
        try_defer!(self.1.clone().note("lost")).unwrap_err();
        defer!(self.1.clone().note("at exit"));
    }
}

std::thread_local! {
    static EARLY: RefCell<Option<Parked>> = const { RefCell::new(None) };
    static LATE: RefCell<Option<Parked>> = const { RefCell::new(None) };
}

#[test]
fn a_future_that_is_dropped_as_its_thread_ends_rolls_back() {
    let databases: [_; 2] = std::array::from_fn(|_| Database::new());
    let [early, late] = databases.clone();
    let thread = thread::spawn(move || {
        // Its destructor is known before the thread has had a transaction, that of the other after.
        EARLY.set(Some(Parked(None, early.clone())));
        let future = half_way(&early);
        EARLY.with_borrow_mut(|parked| parked.as_mut().unwrap().0 = Some(future));
        LATE.set(Some(Parked(Some(half_way(&late)), late)));
    });
    thread.join().unwrap();
    for database in databases {
        // The destructors of a thread may still run when it has been joined.
        while database.count("at exit") == 0 {
            thread::yield_now();
        }
        assert_cancelled(&database);
    }
}
