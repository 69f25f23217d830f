//! Observers that panic, and observers that open transactions of their own: neither changes anything.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Once;

use commit_on_success::signals::{RolledBack, post_rollback};
use commit_on_success::{
    Event, Observer, add_observer, commit_on_success, defer, events, in_transaction,
};
use commit_on_success_tests::polling::complete;
use commit_on_success_tests::scripted::{Answer, AppError, Database, Flavour, Pool, Step};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manners {
    Good,
    /// Panics when it is told this.
    Panics(&'static str),
    /// Opens a transaction whenever it is told something.
    Transacts,
}

thread_local! {
    // A test runs on one thread, and what happens is told on the thread where it happens.
    static MANNERS: Cell<Manners> = const { Cell::new(Manners::Good) };
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Guest;

impl Guest {
    fn told(what: &'static str) {
        let depth = TOLD.with_borrow_mut(|told| {
            told.push(what.to_owned());
            told.len()
        });
        match MANNERS.get() {
            Manners::Panics(panics) if panics == what => resume_unwind(Box::new("guest")),
            // Without an end, this is told of its own for ever.
            Manners::Transacts if depth < 20 => {
                assert!(!in_transaction(), "an observer is in a transaction");
                own(&Database::new().pool()).unwrap();
                complete(own_later(&Database::new().pool())).unwrap();
            }
            _ => {}
        }
    }
}

impl Observer for Guest {
    fn begun(&self, _: &Event) {
        Self::told("begun");
    }

    fn committed(&self, _: &Event) {
        Self::told("committed");
    }

    fn rolled_back(&self, _: &events::RolledBack<'_>) {
        Self::told("rolled back");
    }

    fn unknown(&self, _: &Event) {
        Self::told("unknown");
    }

    fn handler_failed(&self, _: &events::HandlerFailed<'_>) {
        Self::told("handler failed");
    }

    fn rollback_failed(&self, _: &events::RollbackFailed<'_>) {
        Self::told("rollback failed");
    }
}

/// The transaction of an observer.
#[commit_on_success(connection = pool)]
fn own(pool: &Pool) -> Result<(), AppError> {
    let database = connection.database().clone();
    defer!(database.note("call"));
    Ok(connection.insert(7)?)
}

#[commit_on_success(connection = pool)]
async fn own_later(pool: &Pool) -> Result<(), AppError> {
    let database = connection.database().clone();
    defer!(database.note("call"));
    Ok(connection.insert(7)?)
}

fn register(database: &Database) {
    let (call, handler) = (database.clone(), database.clone());
    defer!(move || -> Result<(), AppError> {
        call.note("call");
        Err(AppError::Body("call"))
    });
    let handler = move |event: &RolledBack| handler.note(&format!("handler {:?}", event.cause));
    post_rollback().connect(handler).unwrap();
}

#[commit_on_success(connection = pool)]
fn watched(pool: &Pool, fails: bool) -> Result<(), AppError> {
    register(connection.database());
    connection.insert(1)?;
    if fails {
        Err(AppError::Body("body"))
    } else {
        Ok(())
    }
}

#[commit_on_success(connection = pool)]
async fn watched_later(pool: &Pool, fails: bool) -> Result<(), AppError> {
    register(connection.database());
    connection.insert(1)?;
    if fails {
        Err(AppError::Body("body"))
    } else {
        Ok(())
    }
}

/// Runs a transaction under observers with such manners; returns how it ended, what it has logged, and how often
/// observers were told something.
fn run(
    manners: Manners,
    flavour: Flavour,
    fails: bool,
    script: &[(Step, Answer)],
) -> (String, Vec<String>, usize) {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| add_observer(Guest));
    let database = Database::new();
    for &(step, answer) in script {
        database.script(step, answer);
    }
    let pool = database.pool();
    TOLD.take();
    MANNERS.set(manners);
    let ended = catch_unwind(AssertUnwindSafe(|| match flavour {
        Flavour::Sync => watched(&pool, fails),
        Flavour::Async => complete(watched_later(&pool, fails)),
    }));
    MANNERS.set(Manners::Good);
    (format!("{ended:?}"), database.log(), TOLD.take().len())
}

/// The ways to end about which observers hear something.
const ENDS: [(bool, &[(Step, Answer)]); 4] = [
    (false, &[]),
    (true, &[]),
    (true, &[(Step::Rollback, Answer::Failed)]),
    (false, &[(Step::Commit, Answer::Lost)]),
];

#[test]
fn an_observer_that_panics_changes_nothing() {
    let methods = [
        "begun",
        "committed",
        "rolled back",
        "unknown",
        "handler failed",
        "rollback failed",
    ];
    for flavour in Flavour::ALL {
        for (fails, script) in ENDS {
            let (ended, log, _) = run(Manners::Good, flavour, fails, script);
            for method in methods {
                let (same, same_log, _) = run(Manners::Panics(method), flavour, fails, script);
                assert_eq!(same, ended, "{flavour:?}, {script:?}, panics at {method}");
                assert_eq!(same_log, log, "{flavour:?}, {script:?}, panics at {method}");
            }
        }
    }
}

#[test]
fn the_transactions_of_an_observer_are_told_to_nobody() {
    for flavour in Flavour::ALL {
        for (fails, script) in ENDS {
            let expected = run(Manners::Good, flavour, fails, script);
            let seen = run(Manners::Transacts, flavour, fails, script);
            assert_eq!(seen, expected, "{flavour:?}, {script:?}");
        }
    }
}
