//! Functions that say that they must not be called inside a transaction.
//!
//! The panics are those of a build with debug assertions.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "a deferred call owns what it is given"
)]
#![cfg(debug_assertions)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use commit_on_success::signals::{RolledBack, post_commit, post_rollback};
use commit_on_success::{commit_on_success, defer, outside_transaction};
use commit_on_success_tests::journal::{Failure, Journal, source_line};
use commit_on_success_tests::polling::complete;
use commit_on_success_tests::scripted::{self, AppError, Database, pause};
use rusqlite::Connection;

const SOURCE: &str = include_str!("outside_transaction.rs");

fn send(journal: Journal) {
    outside_transaction!();
    journal.note("sent");
}

async fn send_later(journal: Journal) {
    outside_transaction!();
    pause(1).await;
    journal.note("sent");
}

async fn send_after_waiting(journal: Journal) {
    pause(1).await;
    outside_transaction!();
    journal.note("sent");
}

fn calls_send(journal: Journal) {
    let forward = || send(journal);
    forward();
}

type Call = fn(Journal);

struct Mailer;

impl Mailer {
    fn deliver(&self, journal: Journal) {
        outside_transaction!();
        journal.note("sent");
        let _ = self;
    }
}

trait Deliver {
    fn deliver_all(&self, journal: Journal);
}

impl Deliver for Mailer {
    fn deliver_all(&self, journal: Journal) {
        outside_transaction!();
        journal.note("sent");
    }
}

fn in_a_closure(journal: Journal) {
    let send = || {
        outside_transaction!();
        journal.note("sent");
    };
    send();
}

/// The `&str` that `text` has between two others.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{text}"));
    rest.split_once(after).unwrap_or_else(|| panic!("{text}")).0
}

/// What the panic says: the function, and the line of the transaction.
fn refusal(run: impl FnOnce()) -> (String, &'static str) {
    let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    let text = payload.downcast_ref::<String>().unwrap();
    let function = between(text, "`", "` must not be called inside a transaction");
    let place = between(text, &format!("({}:", file!()), ")");
    let (line, _) = place.split_once(':').unwrap();
    let next = line.parse::<u32>().unwrap() + 1;
    (function.to_owned(), source_line(SOURCE, next))
}

fn database() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch("CREATE TABLE item (id INTEGER PRIMARY KEY)")
        .unwrap();
    conn
}

fn rows(conn: &Connection) -> i64 {
    conn.query_row("SELECT count(*) FROM item", [], |row| row.get(0))
        .unwrap()
}

#[commit_on_success]
fn store(conn: &mut Connection, then: impl FnOnce()) -> Result<(), Failure> {
    conn.execute("INSERT INTO item VALUES (NULL)", [])?;
    then();
    Ok(())
}

const STORE: &str = "fn store(conn: &mut Connection, then: impl FnOnce()) -> Result<(), Failure> {";

#[test]
fn inside_it_panics_and_names_the_function_and_the_transaction() {
    let journal = Journal::default();
    let calls: [(Call, &str); 7] = [
        (send, "outside_transaction::send"),
        (calls_send, "outside_transaction::send"),
        (in_a_closure, "outside_transaction::in_a_closure"),
        (
            |journal| Mailer.deliver(journal),
            "outside_transaction::Mailer::deliver",
        ),
        (
            |journal| Mailer.deliver_all(journal),
            "<outside_transaction::Mailer as outside_transaction::Deliver>::deliver_all",
        ),
        (
            |journal| complete(send_later(journal)),
            "outside_transaction::send_later",
        ),
        (
            |journal| complete(send_after_waiting(journal)),
            "outside_transaction::send_after_waiting",
        ),
    ];
    for (call, expected) in calls {
        let mut conn = database();
        let refused = refusal(|| {
            let _ = store(&mut conn, || call(journal.clone()));
        });
        assert_eq!(refused, (expected.to_owned(), STORE));
        assert_eq!(rows(&conn), 0, "the panic rolls back");
    }
    assert!(journal.lines().is_empty());
}

#[commit_on_success]
fn nests(conn: &mut Connection, then: impl FnOnce()) -> Result<(), Failure> {
    store(conn, then)
}

#[test]
fn inside_a_nested_block_the_innermost_transaction_is_named() {
    let mut conn = database();
    let refused = refusal(|| {
        let _ = nests(&mut conn, || send(Journal::default()));
    });
    assert_eq!(refused.1, STORE);
}

#[commit_on_success]
async fn store_later(
    connection: &mut scripted::Connection,
    journal: &Journal,
) -> Result<(), AppError> {
    connection.insert_later(1).await?;
    defer!(send_later(journal.clone()).await);
    defer!(send(journal.clone()));
    send_after_waiting(journal.clone()).await;
    Ok(())
}

#[commit_on_success]
async fn store_and_send(
    connection: &mut scripted::Connection,
    journal: &Journal,
) -> Result<(), AppError> {
    connection.insert_later(1).await?;
    defer!(send_later(journal.clone()).await);
    defer!(send_after_waiting(journal.clone()).await);
    defer!(send(journal.clone()));
    Ok(())
}

#[test]
fn an_async_function_is_told_wherever_it_was_polled_first() {
    let journal = Journal::default();
    let database = Database::new().pausing(1);
    let mut connection = database.connection();
    let refused = refusal(|| {
        let _ = complete(store_later(&mut connection, &journal));
    });
    assert_eq!(refused.0, "outside_transaction::send_after_waiting");
    assert_eq!(refused.1, "async fn store_later(");
    assert!(journal.lines().is_empty());

    complete(store_and_send(&mut connection, &journal)).unwrap();
    assert_eq!(journal.lines(), ["sent"; 3]);
}

#[commit_on_success]
fn connects(conn: &mut Connection, journal: &Journal, fails: bool) -> Result<(), Failure> {
    conn.execute("INSERT INTO item VALUES (NULL)", [])?;
    defer!(send(journal.clone()));
    let copy = journal.clone();
    post_commit().connect(move |_| send(copy)).unwrap();
    let copy = journal.clone();
    let handler = move |_: &RolledBack| send(copy);
    post_rollback().connect(handler).unwrap();
    if fails {
        return Err(Failure::Body("no"));
    }
    Ok(())
}

#[commit_on_success]
fn around_a_failure(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
    connects(conn, journal, true).unwrap_err();
    assert_eq!(journal.lines(), ["sent"]);
    Ok(())
}

#[test]
fn outside_and_in_deferred_calls_and_handlers_it_is_fine() {
    let journal = Journal::default();
    send(journal.clone());
    complete(send_later(journal.clone()));
    assert_eq!(journal.lines(), ["sent"; 2]);

    let journal = Journal::default();
    connects(&mut database(), &journal, false).unwrap();
    assert_eq!(journal.lines(), ["sent"; 2]);

    let journal = Journal::default();
    connects(&mut database(), &journal, true).unwrap_err();
    assert_eq!(journal.lines(), ["sent"]);

    let journal = Journal::default();
    around_a_failure(&mut database(), &journal).unwrap();
    assert_eq!(journal.lines(), ["sent"]);
}

#[test]
fn a_thread_that_the_body_starts_is_outside() {
    let journal = Journal::default();
    let copy = journal.clone();
    store(&mut database(), move || {
        std::thread::spawn(|| send(copy)).join().unwrap();
    })
    .unwrap();
    assert_eq!(journal.lines(), ["sent"]);
}
