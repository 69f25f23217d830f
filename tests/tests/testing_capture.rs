//! Catching what a block defers, instead of running it.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "a deferred call owns what it is given"
)]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;

use commit_on_success::signals::{Committed, RolledBack, post_commit, post_rollback};
use commit_on_success::testing::{Captured, capture, capture_async};
use std::error::Error as _;

use commit_on_success::{
    FailureKind, commit_on_success, defer, in_transaction, pending, set_rollback,
};
use commit_on_success_tests::journal::{Failure, Journal, Witness, source_line};
use commit_on_success_tests::polling::{complete, poll_once};
use commit_on_success_tests::scripted::pause;
use rusqlite::Connection;

fn database() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch("CREATE TABLE item (id INTEGER PRIMARY KEY)")
        .unwrap();
    conn
}

fn rows(conn: &Connection) -> Vec<i64> {
    let mut statement = conn.prepare("SELECT id FROM item ORDER BY id").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn insert(conn: &Connection, id: i64) -> rusqlite::Result<()> {
    conn.execute("INSERT INTO item VALUES (?1)", [id])?;
    Ok(())
}

fn call(journal: Journal, name: &'static str) {
    assert!(!in_transaction());
    journal.note(name);
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Ok,
    Err,
    SetRollback,
}

#[commit_on_success]
fn store(conn: &mut Connection, journal: &Journal, inner: End, outer: End) -> Result<(), Failure> {
    insert(conn, 1)?;
    defer!(call(journal.clone(), "1"));
    let copy = journal.clone();
    let handler = move |event: &Committed| {
        let function = event.site.function();
        let (nesting, deferred) = (event.nesting, event.deferred);
        call(copy, "2");
        assert_eq!((function, nesting, deferred), ("store", 0, 3));
    };
    post_commit().connect(handler).unwrap();
    let copy = journal.clone();
    let handler = move |_: &RolledBack| copy.note("rolled back");
    post_rollback().connect(handler).unwrap();
    let nested = store_nested(conn, journal, inner);
    assert_eq!(nested.is_err(), inner == End::Err);
    defer!(call(journal.clone(), "5"));
    end(outer)
}

#[commit_on_success]
fn store_nested(conn: &mut Connection, journal: &Journal, how: End) -> Result<(), Failure> {
    insert(conn, 2)?;
    defer!(call(journal.clone(), "3"));
    let copy = journal.clone();
    let handler = move |event: &Committed| {
        call(copy, "4");
        assert_eq!((event.site.function(), event.nesting), ("store", 1));
    };
    post_commit().connect(handler).unwrap();
    end(how)
}

fn end(how: End) -> Result<(), Failure> {
    match how {
        End::Ok => {}
        End::Err => return Err(Failure::Body("no")),
        End::SetRollback => set_rollback().unwrap(),
    }
    Ok(())
}

fn source_lines(captured: &Captured) -> Vec<&'static str> {
    let locations = captured.locations().into_iter();
    let lines = locations.map(|location| {
        assert_eq!(location.file(), file!());
        source_line(include_str!("testing_capture.rs"), location.line())
    });
    lines.collect()
}

fn nobody(captured: &Captured) {
    assert!(captured.is_empty());
    assert_eq!(captured.len(), 0);
    assert!(captured.locations().is_empty());
}

#[test]
fn calls_and_handlers_are_returned_in_order_and_run_only_when_asked_to() {
    let mut conn = database();
    let journal = Journal::default();
    let (stored, calls) = capture(|| store(&mut conn, &journal, End::Ok, End::Ok));
    stored.unwrap();
    assert_eq!(rows(&conn), [1, 2], "the transaction commits as always");
    assert!(conn.is_autocommit());
    assert_eq!(calls.len(), 5);
    assert!(!calls.is_empty());
    assert_eq!(
        source_lines(&calls),
        [
            "defer!(call(journal.clone(), \"1\"));",
            "post_commit().connect(handler).unwrap();",
            "defer!(call(journal.clone(), \"3\"));",
            "post_commit().connect(handler).unwrap();",
            "defer!(call(journal.clone(), \"5\"));",
        ]
    );
    assert!(journal.lines().is_empty());
    assert!(calls.run().is_empty());
    assert_eq!(journal.lines(), ["1", "2", "3", "4", "5"]);
}

#[test]
fn for_debugging_they_say_where_they_were_deferred() {
    let journal = Journal::default();
    let ((), calls) = capture(|| store_row(&mut database(), &journal, 1).unwrap());
    let said = format!("{calls:?}");
    assert!(!calls.is_empty());
    for location in calls.locations() {
        assert!(said.contains(&location.to_string()), "{said}");
    }
}

#[test]
fn dropping_them_runs_nothing() {
    let journal = Journal::default();
    let witness = journal.witness("dropped");
    let (stored, calls) = capture(|| deferring(&mut database(), witness));
    stored.unwrap();
    assert!(journal.lines().is_empty());
    drop(calls);
    assert_eq!(journal.lines(), ["dropped"]);
}

#[commit_on_success]
fn deferring(conn: &mut Connection, witness: Witness) -> Result<(), Failure> {
    insert(conn, 1)?;
    defer!(move || witness.ran());
    Ok(())
}

#[test]
fn what_rolled_back_blocks_deferred_is_not_there() {
    let journal = Journal::default();
    for how in [End::Err, End::SetRollback] {
        let (stored, calls) = capture(|| failing_inside(&mut database(), &journal, how));
        stored.unwrap();
        assert_eq!(
            source_lines(&calls),
            ["defer!(call(journal.clone(), \"kept\"));"]
        );
        assert!(journal.lines().is_empty());
    }
    for how in [End::Err, End::SetRollback] {
        let journal = Journal::default();
        let (_, calls) = capture(|| store(&mut database(), &journal, End::Ok, how));
        nobody(&calls);
        assert_eq!(journal.lines(), ["rolled back"], "that is not put off");
    }
}

#[commit_on_success]
fn failing_inside(conn: &mut Connection, journal: &Journal, how: End) -> Result<(), Failure> {
    let nested = store_nested(conn, journal, how);
    assert_eq!(nested.is_err(), how == End::Err);
    defer!(call(journal.clone(), "kept"));
    Ok(())
}

#[test]
fn transactions_one_after_the_other_are_caught_in_one() {
    let mut conn = database();
    let journal = Journal::default();
    let ((), calls) = capture(|| {
        for row in [1, 2, 3] {
            store_row(&mut conn, &journal, row).unwrap();
        }
    });
    assert_eq!(calls.len(), 3);
    assert!(calls.run().is_empty());
    assert_eq!(journal.lines(), ["1", "2", "3"]);
}

#[commit_on_success]
fn store_row(conn: &mut Connection, journal: &Journal, row: i64) -> Result<(), Failure> {
    insert(conn, row)?;
    let journal = journal.clone();
    defer!(move || journal.note(row.to_string()));
    Ok(())
}

#[test]
fn the_innermost_capture_takes_them() {
    let mut conn = database();
    let journal = Journal::default();
    let (inner, outer) = capture(|| {
        store_row(&mut conn, &journal, 1).unwrap();
        let ((), inner) = capture(|| store_row(&mut conn, &journal, 2).unwrap());
        store_row(&mut conn, &journal, 3).unwrap();
        inner
    });
    assert_eq!((inner.len(), outer.len()), (1, 2));
    assert!(inner.run().is_empty());
    assert!(outer.run().is_empty());
    assert_eq!(journal.lines(), ["2", "1", "3"]);
}

#[test]
fn outside_of_any_transaction_a_call_runs_at_once_and_nothing_can_be_connected() {
    let journal = Journal::default();
    let ((), calls) = capture(|| {
        assert!(!in_transaction());
        assert_eq!(pending(), 0);
        assert!(set_rollback().is_err());
        defer!(call(journal.clone(), "at once"));
        assert_eq!(journal.lines(), ["at once"]);
        post_commit().connect(|_| ()).unwrap_err();
        post_rollback().connect(|_| ()).unwrap_err();
    });
    nobody(&calls);
}

#[commit_on_success]
fn captures_inside(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
    defer!(call(journal.clone(), "outer 1"));
    let (nested, calls) = capture(|| {
        assert!(in_transaction());
        assert_eq!(pending(), 1);
        defer!(call(journal.clone(), "outer 2"));
        assert_eq!(pending(), 2);
        store_row(conn, journal, 1)
    });
    nested.unwrap();
    nobody(&calls);
    assert_eq!(pending(), 3, "they wait for the outermost commit");
    let (other, calls) = capture(|| store_row(&mut database(), journal, 2));
    other.unwrap();
    assert_eq!(calls.len(), 1, "that one is committed");
    assert!(calls.run().is_empty());
    assert_eq!(journal.lines(), ["2"]);
    Ok(())
}

#[test]
fn inside_a_transaction_only_those_of_another_that_commits_are_caught() {
    let journal = Journal::default();
    captures_inside(&mut database(), &journal).unwrap();
    assert_eq!(journal.lines(), ["2", "outer 1", "outer 2", "1"]);
}

#[test]
fn a_panic_of_the_block_leaves_nothing_behind() {
    let mut conn = database();
    let journal = Journal::default();
    let run = || {
        capture(|| {
            store_row(&mut conn, &journal, 1).unwrap();
            resume_unwind(Box::new("the block panics"))
        })
    };
    let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(*payload.downcast_ref::<&str>().unwrap(), "the block panics");
    assert!(!in_transaction());
    store_row(&mut conn, &journal, 2).unwrap();
    assert_eq!(journal.lines(), ["2"], "nothing catches any more");
    let ((), calls) = capture(|| store_row(&mut conn, &journal, 3).unwrap());
    assert_eq!(calls.len(), 1, "and what was caught then is gone");
}

#[commit_on_success]
fn failing_calls(conn: &mut Connection, journal: &Journal, panics: bool) -> Result<(), Failure> {
    insert(conn, 1)?;
    defer!(refuse("the queue is full"));
    if panics {
        defer!(panic_softly());
    }
    post_commit()
        .connect(|_| refuse("the disk is full"))
        .unwrap();
    defer!(call(journal.clone(), "last"));
    Ok(())
}

fn refuse(why: &'static str) -> Result<(), &'static str> {
    Err(why)
}

fn panic_softly() {
    resume_unwind(Box::new("softly"))
}

#[test]
fn running_them_returns_what_failed_and_goes_on_with_the_first_panic() {
    let journal = Journal::default();
    let (stored, calls) = capture(|| failing_calls(&mut database(), &journal, false));
    stored.unwrap();
    let failures = calls.run();
    let texts: Vec<_> = failures
        .iter()
        .map(|failure| {
            assert_eq!(failure.kind(), FailureKind::Failed, "{failure:?}");
            failure.source().unwrap().to_string()
        })
        .collect();
    assert_eq!(texts, ["the queue is full", "the disk is full"]);
    assert_eq!(journal.lines(), ["last"]);

    let journal = Journal::default();
    let (stored, calls) = capture(|| failing_calls(&mut database(), &journal, true));
    stored.unwrap();
    let payload = catch_unwind(AssertUnwindSafe(|| calls.run())).unwrap_err();
    assert_eq!(*payload.downcast_ref::<&str>().unwrap(), "softly");
    assert_eq!(journal.lines(), ["last"]);
}

#[test]
fn they_run_outside_of_any_transaction_and_may_open_their_own() {
    #[commit_on_success]
    fn runs_them(conn: &mut Connection, calls: Captured) -> Result<(), Failure> {
        insert(conn, 7)?;
        assert!(in_transaction());
        assert!(calls.run().is_empty());
        assert!(in_transaction());
        assert_eq!(pending(), 0);
        Ok(())
    }

    #[commit_on_success]
    fn with_a_block(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        insert(conn, 1)?;
        let journal = journal.clone();
        defer!(move || {
            assert!(!in_transaction());
            store_row(&mut database(), &journal, 9)?;
            assert_eq!(journal.lines(), ["9"], "it runs at its own commit");
            Ok::<(), Failure>(())
        });
        Ok(())
    }

    let journal = Journal::default();
    let (stored, calls) = capture(|| with_a_block(&mut database(), &journal));
    stored.unwrap();
    runs_them(&mut database(), calls).unwrap();
    assert_eq!(journal.lines(), ["9"]);
}

#[commit_on_success]
async fn store_later(conn: &mut sqlx::SqliteConnection, journal: &Journal) -> Result<(), Failure> {
    sqlx::query("INSERT INTO item VALUES (1)")
        .execute(&mut *conn)
        .await?;
    defer!(call(journal.clone(), "1"));
    defer!(call_later(journal.clone(), "2").await);
    let copy = journal.clone();
    let handler = move |event: &Committed| {
        assert_eq!((event.site.function(), event.deferred), ("store_later", 4));
        call(copy, "3");
    };
    post_commit().connect(handler).unwrap();
    defer!(fail_later().await);
    defer!(call(journal.clone(), "4"));
    Ok(())
}

async fn call_later(journal: Journal, name: &'static str) {
    pause(2).await;
    call(journal, name);
}

async fn fail_later() -> Result<(), &'static str> {
    pause(2).await;
    Err("the queue is full")
}

async fn sqlx_database() -> sqlx::SqliteConnection {
    use sqlx::Connection as _;

    let mut conn = sqlx::SqliteConnection::connect("sqlite::memory:")
        .await
        .unwrap();
    sqlx::query("CREATE TABLE item (id INTEGER)")
        .execute(&mut conn)
        .await
        .unwrap();
    conn
}

#[tokio::test]
async fn async_functions_are_caught_and_their_calls_can_be_awaited() {
    let mut conn = sqlx_database().await;
    let journal = Journal::default();
    let (stored, calls) = capture_async(store_later(&mut conn, &journal)).await;
    stored.unwrap();
    assert_eq!(calls.len(), 5);
    assert!(journal.lines().is_empty());
    let failures = calls.run_async().await;
    let [failure] = &failures[..] else {
        panic!("{failures:?}")
    };
    assert_eq!(failure.kind(), FailureKind::Failed, "{failure:?}");
    assert_eq!(failure.source().unwrap().to_string(), "the queue is full");
    assert_eq!(journal.lines(), ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn async_calls_that_are_run_without_waiting_are_lost_and_that_is_said() {
    let mut conn = sqlx_database().await;
    let journal = Journal::default();
    let (stored, calls) = capture_async(store_later(&mut conn, &journal)).await;
    stored.unwrap();
    let lines = source_lines(&calls);
    let failures = calls.run();
    let lost = failures.iter().map(|failure| {
        assert_eq!(failure.kind(), FailureKind::Lost, "{failure:?}");
        source_line(
            include_str!("testing_capture.rs"),
            failure.location().line(),
        )
    });
    assert_eq!(lost.collect::<Vec<_>>(), [lines[1], lines[3]]);
    assert_eq!(journal.lines(), ["1", "3", "4"]);
}

#[test]
fn a_future_catches_its_own_only_while_it_waits() {
    let journal = Journal::default();
    let ours = journal.clone();
    let mut future = pin!(capture_async(async move {
        pause(1).await;
        store_row(&mut database(), &ours, 1)
    }));
    assert!(poll_once(future.as_mut()).is_pending());
    store_row(&mut database(), &journal, 2).unwrap();
    assert_eq!(journal.lines(), ["2"], "nothing else is caught");
    let (stored, calls) = complete(future);
    stored.unwrap();
    assert_eq!(calls.len(), 1);
    assert!(calls.run().is_empty());
    assert_eq!(journal.lines(), ["2", "1"]);
}

#[test]
fn a_panic_or_a_drop_of_the_future_leaves_nothing_behind() {
    let journal = Journal::default();
    let run = || {
        complete(capture_async(async {
            store_row(&mut database(), &journal, 1).unwrap();
            resume_unwind(Box::new("the future panics"))
        }))
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    {
        let mut future = pin!(capture_async(async {
            store_row(&mut database(), &journal, 2).unwrap();
            pause(1).await;
        }));
        assert!(poll_once(future.as_mut()).is_pending());
    }
    store_row(&mut database(), &journal, 3).unwrap();
    assert_eq!(journal.lines(), ["3"]);
}

#[test]
fn a_spawned_thread_is_not_caught() {
    let journal = Journal::default();
    let theirs = journal.clone();
    let ((), calls) = capture(|| {
        let stores = move || store_row(&mut database(), &theirs, 1).unwrap();
        std::thread::spawn(stores).join().unwrap();
    });
    nobody(&calls);
    assert_eq!(journal.lines(), ["1"]);
}
