//! Captures of deferred calls are dropped exactly once, however the transaction ends; what a body owns, before it ends.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use commit_on_success::{commit_on_success, defer, in_transaction, set_rollback, transaction};
use commit_on_success_tests::polling::{complete, drop_after};
use commit_on_success_tests::scripted::{
    Answer, AppError, Connection, Database, Flavour, Step, pause,
};

#[derive(Clone, Default)]
struct Drops(Arc<AtomicUsize>);

impl Drops {
    fn seen(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

struct Capture(Drops);

impl Drop for Capture {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Capture {
    fn run(self, how: Call) -> Result<(), &'static str> {
        let result = match how {
            Call::Succeeds => Ok(()),
            Call::Fails => Err("failed"),
            Call::Panics => resume_unwind(Box::new("panicked")),
        };
        drop(self);
        result
    }

    async fn run_later(self, how: Call) -> Result<(), &'static str> {
        pause(1).await;
        self.run(how)
    }
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Succeeds,
    Fails,
    Panics,
}

#[derive(Clone, Copy, Debug)]
enum Body {
    Ok,
    Err,
    SetRollback,
    Panic,
}

fn end(body: Body) -> Result<(), AppError> {
    match body {
        Body::Ok => {}
        Body::Err => return Err(AppError::Body("no")),
        Body::SetRollback => set_rollback().unwrap(),
        Body::Panic => resume_unwind(Box::new("body")),
    }
    Ok(())
}

#[commit_on_success]
fn outer(
    connection: &mut Connection,
    drops: &Drops,
    body: Body,
    call: Call,
) -> Result<(), AppError> {
    defer!(Capture(drops.clone()).run(call));
    let _ = inner(connection, drops, call);
    defer!(Capture(drops.clone()).run(Call::Succeeds));
    end(body)
}

#[commit_on_success]
fn inner(_connection: &mut Connection, drops: &Drops, call: Call) -> Result<(), AppError> {
    defer!(Capture(drops.clone()).run(call));
    Ok(())
}

#[commit_on_success]
async fn outer_later(
    connection: &mut Connection,
    drops: &Drops,
    body: Body,
    call: Call,
) -> Result<(), AppError> {
    defer!(Capture(drops.clone()).run_later(call).await);
    let _ = inner_later(connection, drops, call).await;
    defer!(Capture(drops.clone()).run(Call::Succeeds));
    end(body)
}

#[commit_on_success]
async fn inner_later(
    _connection: &mut Connection,
    drops: &Drops,
    call: Call,
) -> Result<(), AppError> {
    defer!(Capture(drops.clone()).run_later(call).await);
    Ok(())
}

#[test]
fn captures_are_dropped_once_in_every_path() {
    let answers = [
        Answer::Failed,
        Answer::Refused,
        Answer::Aborted,
        Answer::RolledBack,
        Answer::Ended,
        Answer::Lost,
        Answer::LostButDone,
        Answer::Panic,
    ];
    let steps = [Step::Release, Step::Commit, Step::Rollback, Step::Abandon];
    let mut scripts = vec![None];
    for step in steps {
        scripts.extend(answers.map(|answer| Some((step, answer))));
    }
    let mut paths = 0;
    for flavour in Flavour::ALL {
        for &script in &scripts {
            for body in [Body::Ok, Body::Err, Body::SetRollback, Body::Panic] {
                for call in [Call::Succeeds, Call::Fails, Call::Panics] {
                    let database = match script {
                        Some((step, answer)) => Database::new().on(step, answer),
                        None => Database::new(),
                    };
                    let drops = Drops::default();
                    let mut connection = database.connection();
                    let _ = catch_unwind(AssertUnwindSafe(|| match flavour {
                        Flavour::Sync => outer(&mut connection, &drops, body, call),
                        Flavour::Async => {
                            complete(outer_later(&mut connection, &drops, body, call))
                        }
                    }));
                    let expected = match script {
                        // The outer body does not get to its second call.
                        Some((Step::Release, Answer::Panic)) => 2,
                        _ => 3,
                    };
                    assert_eq!(
                        drops.seen(),
                        expected,
                        "{flavour:?} {script:?} {body:?} {call:?}"
                    );
                    assert!(!in_transaction());
                    paths += 1;
                }
            }
        }
    }
    assert_eq!(paths, 2 * 33 * 4 * 3);
}

#[test]
fn captures_are_dropped_once_wherever_the_future_is_dropped() {
    let mut point = 0;
    loop {
        let database = Database::new().pausing(1);
        let drops = Drops::default();
        let mut connection = database.connection();
        let future = outer_later(&mut connection, &drops, Body::Ok, Call::Succeeds);
        let completed = drop_after(future, point);
        let made = Arc::strong_count(&drops.0);
        assert_eq!(made, 1, "a capture is still alive");
        assert!(drops.seen() <= 3);
        if completed.is_some() {
            assert_eq!(drops.seen(), 3);
            break;
        }
        point += 1;
    }
    assert!(point > 10, "{point} suspension points");
}

struct Panicking(Drops);

impl Drop for Panicking {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
        resume_unwind(Box::new("a capture's destructor"));
    }
}

impl Panicking {
    fn run(self) {
        drop(self);
    }
}

#[commit_on_success]
fn panicking_captures(
    connection: &mut Connection,
    drops: &Drops,
    captures: usize,
    body: Body,
) -> Result<(), AppError> {
    connection.insert(1)?;
    for _ in 0..captures {
        defer!(Panicking(drops.clone()).run());
    }
    end(body)
}

#[commit_on_success]
async fn panicking_captures_later(
    connection: &mut Connection,
    drops: &Drops,
    captures: usize,
    body: Body,
) -> Result<(), AppError> {
    connection.insert(1)?;
    for _ in 0..captures {
        defer!(Panicking(drops.clone()).run());
    }
    end(body)
}

#[test]
fn a_capture_whose_destructor_panics_does_not_keep_the_transaction_from_ending() {
    for flavour in Flavour::ALL {
        for body in [Body::Ok, Body::Err, Body::SetRollback, Body::Panic] {
            let database = Database::new();
            let drops = Drops::default();
            let mut connection = database.connection();
            let ended = catch_unwind(AssertUnwindSafe(|| match flavour {
                Flavour::Sync => panicking_captures(&mut connection, &drops, 1, body),
                Flavour::Async => {
                    complete(panicking_captures_later(&mut connection, &drops, 1, body))
                }
            }));
            match body {
                Body::Err => assert!(matches!(ended, Ok(Err(AppError::Body("no"))))),
                Body::Panic => assert_eq!(*ended.unwrap_err().downcast::<&str>().unwrap(), "body"),
                Body::Ok | Body::SetRollback => {}
            }
            assert_eq!(drops.seen(), 1, "{flavour:?} {body:?}");
            assert!(!database.left_open(), "{flavour:?} {body:?} {database:?}");
            let durable: &[i64] = if matches!(body, Body::Ok) { &[1] } else { &[] };
            assert_eq!(database.durable(), durable, "{flavour:?} {body:?}");
            assert!(!in_transaction());
        }
    }
}

// Two destructors that panic one after the other must not meet in one unwinding, which aborts.
#[test]
fn many_captures_whose_destructors_panic_do_not_abort() {
    for flavour in Flavour::ALL {
        for body in [Body::Ok, Body::Err, Body::SetRollback, Body::Panic] {
            let database = Database::new();
            let drops = Drops::default();
            let mut connection = database.connection();
            let _ = catch_unwind(AssertUnwindSafe(|| match flavour {
                Flavour::Sync => panicking_captures(&mut connection, &drops, 3, body),
                Flavour::Async => {
                    complete(panicking_captures_later(&mut connection, &drops, 3, body))
                }
            }));
            assert_eq!(drops.seen(), 3, "{flavour:?} {body:?}");
            assert!(!database.left_open(), "{flavour:?} {body:?} {database:?}");
        }
    }
}

/// Notes when it is dropped, like the guard of a lock.
struct Guard(Database);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.note("unlock");
    }
}

const fn mention(_guard: &Guard) {}

#[commit_on_success]
fn with_local(connection: &mut Connection) -> Result<(), AppError> {
    let _guard = Guard(connection.database().clone());
    Ok(connection.insert(1)?)
}

#[commit_on_success]
fn with_argument(connection: &mut Connection, guard: Guard) -> Result<(), AppError> {
    mention(&guard);
    Ok(connection.insert(1)?)
}

#[commit_on_success]
fn with_unused_argument(connection: &mut Connection, _guard: Guard) -> Result<(), AppError> {
    Ok(connection.insert(1)?)
}

#[commit_on_success]
fn with_deferred_unlock(connection: &mut Connection, guard: Guard) -> Result<(), AppError> {
    defer!(drop(guard));
    Ok(connection.insert(1)?)
}

fn with_lock_around(connection: &mut Connection) -> Result<(), AppError> {
    let _guard = Guard(connection.database().clone());
    transaction!(tx = &mut *connection => { Ok(tx.insert(1)?) })
}

#[commit_on_success]
async fn with_argument_later(connection: &mut Connection, guard: Guard) -> Result<(), AppError> {
    mention(&guard);
    Ok(connection.insert(1)?)
}

#[commit_on_success]
async fn with_unused_argument_later(
    connection: &mut Connection,
    _guard: Guard,
) -> Result<(), AppError> {
    Ok(connection.insert(1)?)
}

#[commit_on_success]
async fn with_deferred_unlock_later(
    connection: &mut Connection,
    guard: Guard,
) -> Result<(), AppError> {
    defer!(drop(guard));
    Ok(connection.insert(1)?)
}

/// The last two lines of the log.
fn end_of(run: impl FnOnce(&mut Connection, Guard) -> Result<(), AppError>) -> String {
    let database = Database::new();
    run(&mut database.connection(), Guard(database.clone())).unwrap();
    let log = database.log();
    log[log.len() - 2..].join(", ")
}

#[test]
fn what_a_body_owns_is_dropped_before_its_commit() {
    let local = |connection: &mut Connection, guard| {
        std::mem::forget(guard);
        with_local(connection)
    };
    assert_eq!(end_of(local), "unlock, commit");
    assert_eq!(end_of(with_argument), "unlock, commit");
    let later =
        |connection: &mut Connection, guard| complete(with_argument_later(connection, guard));
    assert_eq!(end_of(later), "unlock, commit");
}

#[test]
fn an_argument_that_the_body_does_not_mention_is_dropped_with_the_function() {
    assert_eq!(end_of(with_unused_argument), "commit, unlock");
    let later = |connection: &mut Connection, guard| {
        complete(with_unused_argument_later(connection, guard))
    };
    assert_eq!(end_of(later), "commit, unlock");
}

#[test]
fn a_guard_that_is_deferred_or_around_the_block_is_dropped_after_the_commit() {
    assert_eq!(end_of(with_deferred_unlock), "commit, unlock");
    let later = |connection: &mut Connection, guard| {
        complete(with_deferred_unlock_later(connection, guard))
    };
    assert_eq!(end_of(later), "commit, unlock");
    let around = |connection: &mut Connection, guard| {
        std::mem::forget(guard);
        with_lock_around(connection)
    };
    assert_eq!(end_of(around), "commit, unlock");
}

#[commit_on_success(tx = &mut *shared.lock().unwrap())]
fn behind_a_guard(shared: &Arc<Mutex<Connection>>) -> Result<(), AppError> {
    let (database, shared) = (tx.database().clone(), Arc::clone(shared));
    defer!(move || database.note(if shared.try_lock().is_ok() {
        "free"
    } else {
        "locked"
    }));
    Ok(())
}

// A call that did not try, but waited for the lock, would wait for ever.
#[test]
fn the_guard_behind_a_borrowed_connection_is_held_while_deferred_calls_run() {
    let database = Database::new();
    let shared = Arc::new(Mutex::new(database.connection()));
    behind_a_guard(&shared).unwrap();
    assert_eq!(database.log().last().unwrap(), "locked");
    assert!(shared.try_lock().is_ok());
}
