//! What is left of calls that have run, and of those that never will.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::cell::RefCell;
use std::panic::resume_unwind;

use commit_on_success::{
    ErrorKind, Observer, add_observer, commit_on_success, defer, events, in_transaction,
};
use commit_on_success_tests::polling::{complete, drop_after};
use commit_on_success_tests::scripted::{Answer, AppError, Connection, Database, Step, pause};

thread_local! {
    // A test runs on one thread, and failures are told on the thread where they happen.
    static FAILURES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Listening;

impl Observer for Listening {
    fn handler_failed(&self, event: &events::HandlerFailed<'_>) {
        let failure = event.failure;
        FAILURES.with_borrow_mut(|failures| failures.push(failure.to_string()));
    }
}

/// What observers have heard while this ran.
fn heard(run: impl FnOnce()) -> Vec<String> {
    static ADDED: std::sync::Once = std::sync::Once::new();
    ADDED.call_once(|| add_observer(Listening));
    drop(FAILURES.take());
    run();
    FAILURES.take()
}

#[commit_on_success]
async fn waiting(connection: &mut Connection, fails: bool) -> Result<(), AppError> {
    let database = connection.database().clone();
    defer!(async move {
        pause(1).await;
        database.note("call");
        if fails { Err("no") } else { Ok(()) }
    });
    connection.insert(1)?;
    Ok(())
}

// With a runtime, a call that was not forgotten would be awaited there once more.
#[test]
fn an_async_call_that_has_run_is_forgotten() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for fails in [false, true] {
        let database = Database::new();
        let without = || {
            let ended = complete(waiting(&mut database.connection(), fails));
            assert_eq!(ended.is_err(), fails);
        };
        assert_eq!(heard(without).len(), usize::from(fails));
        let within = || {
            runtime.block_on(async {
                let ended = waiting(&mut database.connection(), fails).await;
                assert_eq!(ended.is_err(), fails);
                tokio::task::yield_now().await;
            });
        };
        assert_eq!(heard(within).len(), usize::from(fails));
        assert_eq!(database.count("call"), 2);
    }
}

#[commit_on_success]
async fn failing_and_misbehaving(connection: &mut Connection) -> Result<(), AppError> {
    defer!(|| Err::<(), _>("no"));
    defer!(connection.database().clone().raw_begin());
    Ok(())
}

#[test]
fn a_failure_is_reported_when_the_future_is_dropped_behind_its_last_call() {
    let database = Database::new().pausing(1);
    let mut connection = database.connection();
    // Two pauses in each of acquire, begin and commit, and then one in the rollback of what the call left open.
    let dropped = || assert!(drop_after(failing_and_misbehaving(&mut connection), 7).is_none());
    let heard = heard(dropped);
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].ends_with("failed: no"), "{heard:?}");
}

/// Panics when it is dropped.
struct Bomb(Database);

impl Bomb {
    fn run(self) {
        self.0.note("run");
        std::mem::forget(self);
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.note(if in_transaction() {
            "dropped inside"
        } else {
            "dropped outside"
        });
        // Without a message on standard error.
        resume_unwind(Box::new("a capture's destructor"));
    }
}

#[commit_on_success]
fn armed(connection: &mut Connection) -> Result<(), AppError> {
    for _ in 0..2 {
        let bomb = Bomb(connection.database().clone());
        defer!(bomb.run());
    }
    connection.insert(1)?;
    Ok(())
}

#[commit_on_success]
async fn armed_later(connection: &mut Connection) -> Result<(), AppError> {
    for _ in 0..2 {
        let bomb = Bomb(connection.database().clone());
        defer!(bomb.run());
    }
    connection.insert(1)?;
    Ok(())
}

// Two panics in one drop would abort the process, and one would take the place of the error.
#[test]
fn calls_that_an_unknown_outcome_drops_may_panic_as_they_are_dropped() {
    let later = |connection: &mut Connection| complete(armed_later(connection));
    for run in [armed as fn(&mut Connection) -> _, later] {
        let database = Database::new().on(Step::Commit, Answer::Lost);
        let failures = heard(|| {
            let ended = run(&mut database.connection());
            let unknown = matches!(&ended, Err(AppError::Transaction(error)) if error.kind() == ErrorKind::Unknown);
            assert!(unknown, "{ended:?}");
        });
        assert_eq!(failures.len(), 2, "{failures:?}");
        assert_eq!(database.count("dropped outside"), 2, "{database:?}");
        assert_eq!(database.count("run"), 0);
    }
}
