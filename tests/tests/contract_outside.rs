//! What a call deferred outside of any transaction does, for each policy. The policy is the
//! process's, so these tests have a program of their own and run one after the other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../contract/rusqlite.rs"]
#[allow(
    dead_code,
    unused_macros,
    unused_imports,
    reason = "the suite needs more of it"
)]
mod driver;
#[path = "../contract/support.rs"]
#[allow(dead_code, reason = "the suite needs more of it")]
mod support;

use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};

use commit_on_success::outside::{self, Policy, Refuse, Run, Warn};
use commit_on_success::{
    Observer, add_observer, before_commit, commit_on_success, defer, events, try_defer,
};
use rusqlite::Connection;

use support::{Failure, Journal};

/// The process with a policy, for one test at a time.
struct Chosen(#[expect(dead_code, reason = "it is held, not read")] MutexGuard<'static, ()>);

fn choose(policy: Policy) -> Chosen {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    outside::set(policy);
    Chosen(turn)
}

impl Drop for Chosen {
    fn drop(&mut self) {
        outside::set(Run);
    }
}

async fn note_later(journal: Journal, entry: &'static str) {
    tokio::task::yield_now().await;
    journal.note(entry);
}

#[commit_on_success]
fn store(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, 1)?;
    defer!(journal.clone().note("deferred"));
    assert!(journal.entries().is_empty());
    Ok(())
}

#[tokio::test]
async fn by_default_a_call_runs_at_once() {
    let _chosen = choose(Run);
    assert_eq!(outside::get(), Policy::default());
    let journal = Journal::default();
    defer!(journal.clone().note("one"));
    defer!(note_later(journal.clone(), "two").await);
    before_commit!(journal.clone().note("three"));
    assert_eq!(journal.entries(), ["one", "two", "three"]);
}

static TOLD: Mutex<Vec<&'static Location<'static>>> = Mutex::new(Vec::new());

struct Ear;

impl Observer for Ear {
    fn deferred_outside(&self, event: &events::DeferredOutside) {
        let location = event.location;
        TOLD.lock().unwrap().push(location);
    }
}

#[tokio::test]
async fn warn_runs_the_call_and_tells_observers_where_it_was_deferred() {
    let _chosen = choose(Warn);
    add_observer(Ear);
    let journal = Journal::default();
    let line = line!() + 1;
    defer!(journal.clone().note("one"));
    defer!(note_later(journal.clone(), "two").await);
    before_commit!(journal.clone().note("three"));
    before_commit!(note_later(journal.clone(), "four").await);
    assert!(try_defer!(journal.clone().note("never")).is_err());
    assert_eq!(journal.entries(), ["one", "two", "three", "four"]);
    let told = TOLD.lock().unwrap();
    let lines: Vec<_> = told.iter().map(|location| location.line()).collect();
    assert_eq!(lines, [line, line + 1, line + 2, line + 3]);
    assert!(told.iter().all(|location| location.file() == file!()));
}

#[test]
fn warn_is_silent_about_calls_inside() {
    let _chosen = choose(Warn);
    let before = TOLD.lock().unwrap().len();
    let db = driver::open();
    let journal = Journal::default();
    store(&mut db.connect(), &journal).unwrap();
    assert_eq!(journal.entries(), ["deferred"]);
    assert_eq!(TOLD.lock().unwrap().len(), before);
}

/// What the panic of a refused call says.
fn message(payload: &(dyn std::any::Any + Send)) -> &str {
    payload.downcast_ref::<String>().unwrap()
}

#[test]
fn refuse_panics_where_the_call_is_deferred_and_does_not_run_it() {
    let _chosen = choose(Refuse);
    let journal = Journal::default();
    let line = line!() + 1;
    let payload = driver::caught!(defer!(journal.clone().note("never"))).unwrap_err();
    driver::caught!(before_commit!(journal.clone().note("never"))).unwrap_err();
    let place = format!("{}:{line}:", file!());
    let message = message(&*payload);
    assert!(message.contains(&place), "{message}");
    assert!(journal.entries().is_empty());
    assert_eq!(journal.owners(), 1);
}

#[tokio::test]
async fn refuse_panics_for_an_awaited_call_and_does_not_run_it() {
    let _chosen = choose(Refuse);
    let journal = Journal::default();
    let theirs = journal.clone();
    let refused = tokio::spawn(async move {
        defer!(note_later(theirs.clone(), "never").await);
    });
    let payload = refused.await.unwrap_err().into_panic();
    assert!(message(&*payload).contains(file!()));
    assert!(journal.entries().is_empty());
    assert_eq!(journal.owners(), 1);
}

#[tokio::test]
async fn try_defer_is_an_error_and_never_a_panic() {
    let _chosen = choose(Refuse);
    let journal = Journal::default();
    assert!(try_defer!(journal.clone().note("never")).is_err());
    assert!(try_defer!(note_later(journal.clone(), "never").await).is_err());
    assert!(journal.entries().is_empty());
}

#[test]
fn refuse_lets_calls_inside_through() {
    let _chosen = choose(Refuse);
    let db = driver::open();
    let journal = Journal::default();
    store(&mut db.connect(), &journal).unwrap();
    assert_eq!(journal.entries(), ["deferred"]);
    assert_eq!(db.committed(), [1]);
}

#[test]
fn refuse_holds_for_a_call_deferred_by_a_deferred_call_and_the_row_is_there() {
    #[commit_on_success]
    fn stores(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 1)?;
        let theirs = journal.clone();
        defer!(move || defer!(theirs.note("never")));
        defer!(journal.clone().note("another"));
        Ok(())
    }

    let _chosen = choose(Refuse);
    let db = driver::open();
    let journal = Journal::default();
    let payload = driver::caught!(stores(&mut db.connect(), &journal)).unwrap_err();
    assert!(message(&*payload).contains(file!()));
    assert_eq!(journal.entries(), ["another"]);
    assert_eq!(db.committed(), [1]);
}
