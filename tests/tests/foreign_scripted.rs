//! Blocks inside of a transaction that somebody else has opened, and what is told of those that are given up.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Once;

use commit_on_success::signals::{RolledBack, post_rollback};
use commit_on_success::{Event, Observer, add_observer, commit_on_success, defer, events};
use commit_on_success_tests::errors::assert_not_owned;
use commit_on_success_tests::polling::{complete, drop_after};
use commit_on_success_tests::scripted::{AppError, Connection, Database, pause};

thread_local! {
    // A test runs on one thread, and what happens is told on the thread where it happens.
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn note(line: String) {
    TOLD.with_borrow_mut(|told| told.push(line));
}

struct Recorder;

impl Observer for Recorder {
    fn begun(&self, _: &Event) {
        note("begun".to_owned());
    }

    fn rolled_back(&self, event: &events::RolledBack<'_>) {
        let cause = event.cause;
        note(format!("rolled back {cause:?}"));
    }

    fn unknown(&self, _: &Event) {
        note("unknown".to_owned());
    }
}

#[commit_on_success]
async fn store(connection: &mut Connection, panics: bool) -> Result<(), AppError> {
    let connected = post_rollback().connect(|event: &RolledBack| {
        note(format!("handler {:?}", event.cause));
    });
    connected.unwrap();
    connection.insert(1)?;
    if panics {
        resume_unwind(Box::new("body"));
    }
    pause(2).await;
    Ok(())
}

/// Gives a block up in a transaction that is opened and committed by hand; returns what was told.
fn given_up(database: &Database, panics: bool) -> Vec<String> {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| add_observer(Recorder));
    TOLD.take();
    let mut connection = database.connection();
    database.raw_begin();
    let run = || drop_after(store(&mut connection, panics), 1);
    let ended = catch_unwind(AssertUnwindSafe(run));
    assert!(!matches!(ended, Ok(Some(_))));
    database.raw_commit();
    TOLD.take()
}

#[test]
fn a_block_that_is_given_up_and_not_undone_has_an_unknown_outcome_for_its_owner_may_commit_it() {
    for panics in [false, true] {
        let database = Database::new();
        assert_eq!(given_up(&database, panics), ["begun", "unknown"]);
        assert_eq!(database.durable(), [1]);
    }
}

#[test]
fn a_block_that_is_given_up_and_undone_is_rolled_back() {
    for (panics, cause) in [(false, "Cancelled"), (true, "Panic")] {
        let database = Database::new().undoing_nested();
        let told = given_up(&database, panics);
        let (rolled_back, handler) = (format!("rolled back {cause}"), format!("handler {cause}"));
        assert_eq!(told, ["begun".to_owned(), rolled_back, handler]);
        assert!(database.durable().is_empty());
    }
}

#[commit_on_success]
async fn with_a_savepoint_of_its_own(
    connection: &mut Connection,
    defers: bool,
) -> Result<Result<(), AppError>, AppError> {
    let database = connection.database().clone();
    connection.insert(1)?;
    database.raw_savepoint();
    let stored = in_a_savepoint(connection, defers).await;
    // The driver's own transaction does this when it is dropped.
    database.undo_innermost();
    Ok(stored)
}

#[commit_on_success]
async fn in_a_savepoint(connection: &mut Connection, defers: bool) -> Result<(), AppError> {
    let database = connection.database().clone();
    if defers {
        defer!(database.note("call"));
    }
    Ok(connection.insert(2)?)
}

#[test]
fn in_a_savepoint_of_the_bodys_own_a_block_cannot_defer_for_nobody_knows_how_that_ends() {
    for defers in [false, true] {
        let database = Database::new();
        let mut connection = database.connection();
        let inner = complete(with_a_savepoint_of_its_own(&mut connection, defers));
        let inner = inner.unwrap();
        if defers {
            let Err(AppError::Transaction(error)) = inner else {
                panic!("{inner:?}, {database:?}");
            };
            assert_not_owned(&error, 1);
        } else {
            inner.unwrap();
        }
        assert_eq!(database.durable(), [1]);
        assert_eq!(database.count("call"), 0);
    }
}
