//! Calls with a key: of those with an equal one in one transaction only the last runs, at the place of the first.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use commit_on_success::signals::completed;
use commit_on_success::{commit_on_success, defer, pending, try_defer};
use commit_on_success_tests::journal::Journal;
use commit_on_success_tests::polling::complete;
use commit_on_success_tests::scripted::{AppError, Connection, Database};

#[expect(
    clippy::needless_pass_by_value,
    reason = "a deferred call owns what it uses"
)]
fn index(journal: Journal, id: u64, text: &'static str) {
    journal.note(format!("{id} {text}"));
}

#[expect(clippy::unused_async, reason = "a call that can be awaited")]
async fn index_later(journal: Journal, id: u64, text: &'static str) {
    index(journal, id, text);
}

/// The key is read before the arguments are moved.
#[commit_on_success]
fn twice(connection: &mut Connection, journal: &Journal) -> Result<(), AppError> {
    connection.insert(1)?;
    let id = 7;
    defer!(key = ("index", id) => index(journal.clone(), id, "first"));
    defer!(index(journal.clone(), 0, "without a key"));
    defer!(key = ("index", 8_u64) => index(journal.clone(), 8, "another"));
    defer!(key = ("index", id) => index(journal.clone(), id, "second"));
    defer!(key = ("index", id) => move || journal_of(id));
    defer!(key = ("index", id) => index(journal.clone(), id, "last"));
    assert_eq!(pending(), 6);
    Ok(())
}

fn journal_of(id: u64) {
    unreachable!("{id} is replaced");
}

#[test]
fn the_last_call_of_a_key_runs_at_the_place_of_the_first() {
    let journal = Journal::default();
    twice(&mut Database::new().connection(), &journal).unwrap();
    assert_eq!(journal.lines(), ["7 last", "0 without a key", "8 another"]);
}

#[commit_on_success]
async fn twice_later(connection: &mut Connection, journal: &Journal) -> Result<(), AppError> {
    connection.insert_later(1).await?;
    defer!(key = 7 => index_later(journal.clone(), 7, "first").await);
    defer!(key = 8 => index_later(journal.clone(), 8, "another").await);
    try_defer!(key = 7, robust => index(journal.clone(), 7, "second"))?;
    try_defer!(key = 7 => index_later(journal.clone(), 7, "last").await)?;
    Ok(())
}

#[test]
fn a_call_replaces_one_of_another_form() {
    let journal = Journal::default();
    complete(twice_later(&mut Database::new().connection(), &journal)).unwrap();
    assert_eq!(journal.lines(), ["7 last", "8 another"]);
}

#[test]
fn keys_of_different_types_are_different() {
    #[commit_on_success]
    fn defers(connection: &mut Connection, journal: &Journal) -> Result<(), AppError> {
        defer!(key = 1_u8 => index(journal.clone(), 1, "u8"));
        defer!(key = 1_u16 => index(journal.clone(), 1, "u16"));
        defer!(key = "1" => index(journal.clone(), 1, "str"));
        defer!(key = String::from("1") => index(journal.clone(), 1, "String"));
        Ok(connection.insert(1)?)
    }

    let journal = Journal::default();
    defers(&mut Database::new().connection(), &journal).unwrap();
    assert_eq!(journal.lines(), ["1 u8", "1 u16", "1 str", "1 String"]);
}

#[commit_on_success]
fn outer(connection: &mut Connection, journal: &Journal, fails: bool) -> Result<(), AppError> {
    defer!(key = 7 => index(journal.clone(), 7, "outer"));
    let _ = inner(connection, journal, fails);
    Ok(connection.insert(1)?)
}

#[commit_on_success]
fn inner(connection: &mut Connection, journal: &Journal, fails: bool) -> Result<(), AppError> {
    defer!(key = 7 => index(journal.clone(), 7, "inner"));
    connection.insert(2)?;
    if fails {
        return Err(AppError::Body("no"));
    }
    Ok(())
}

#[test]
fn a_savepoint_that_is_rolled_back_replaces_nothing() {
    for (fails, expected) in [(true, "7 outer"), (false, "7 inner")] {
        let journal = Journal::default();
        outer(&mut Database::new().connection(), &journal, fails).unwrap();
        assert_eq!(journal.lines(), [expected]);
    }
}

#[test]
fn outside_of_a_transaction_each_runs_at_once() {
    let journal = Journal::default();
    defer!(key = 7 => index(journal.clone(), 7, "first"));
    complete(async {
        defer!(key = 7 => index_later(journal.clone(), 7, "second").await);
    });
    assert_eq!(journal.lines(), ["7 first", "7 second"]);
    let refused = try_defer!(key = 7 => index(journal.clone(), 7, "never"));
    refused.unwrap_err();
    assert_eq!(journal.lines().len(), 2);
}

/// Panics when it is dropped.
struct Trap(Journal);

impl Trap {
    fn call(self) {
        std::mem::forget(self);
        unreachable!("it is replaced");
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        self.0.note("dropped");
        std::panic::resume_unwind(Box::new("trap"));
    }
}

#[test]
fn a_call_that_is_replaced_is_dropped_where_a_panic_of_its_captures_stops_no_other() {
    #[commit_on_success]
    fn defers(connection: &mut Connection, journal: &Journal) -> Result<(), AppError> {
        let (trap, ours) = (Trap(journal.clone()), journal.clone());
        completed().connect(move |_| ours.note("completed"))?;
        defer!(key = 7 => move || trap.call());
        defer!(key = 7 => index(journal.clone(), 7, "last"));
        defer!(index(journal.clone(), 8, "another"));
        Ok(connection.insert(1)?)
    }

    let journal = Journal::default();
    let mut connection = Database::new().connection();
    let run = AssertUnwindSafe(|| defers(&mut connection, &journal));
    let payload = catch_unwind(run).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"trap"));
    let lines = ["7 last", "dropped", "8 another", "completed"];
    assert_eq!(journal.lines(), lines);
}
