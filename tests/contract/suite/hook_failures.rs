//! Deferred calls that fail or panic: what was committed stays committed, and the others run.

use std::panic::panic_any;

use std::error::Error as _;

use commit_on_success::{
    ErrorKind, FailureKind, HandlerFailure, Outcome, commit_on_success, defer,
};
use commit_on_success_tests::errors::assert_kind;

use crate::driver::{self, Connection, Database};
use crate::support::{Failure, Journal, fail, observe, observed};

async fn fail_later(text: &'static str) -> Result<(), Failure> {
    driver::pause().await;
    fail(text)
}

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

fn source_of(failure: &HandlerFailure) -> String {
    assert_eq!(failure.kind(), FailureKind::Failed, "{failure:?}");
    failure.source().unwrap().to_string()
}

#[crate::driver::test]
async fn failing_calls_are_listed_with_their_places_and_the_others_run() {
    #[commit_on_success]
    async fn stores(conn: &mut Connection, journal: &Journal) -> Result<[u32; 2], Failure> {
        driver::insert(conn, 1).await?;
        defer!(journal.clone().note("first"));
        let one = line!() + 1;
        defer!(fail("one"));
        defer!(journal.clone().note("second"));
        let two = line!() + 1;
        defer!(fail_later("two").await);
        defer!(journal.clone().note("third"));
        journal.note(format!("{one} {two}"));
        Ok([one, two])
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = stores(&mut conn, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_eq!(error.outcome(), Outcome::Committed);
    assert_kind(&error, ErrorKind::Handlers, "stores");
    let failures = error.failures();
    let sources: Vec<_> = failures.iter().map(source_of).collect();
    assert_eq!(sources, ["one", "two"]);
    let locations = failures.iter().map(HandlerFailure::location);
    assert!(
        locations
            .clone()
            .all(|location| location.file().ends_with("hook_failures.rs"))
    );
    let lines: Vec<_> = locations
        .map(|location| location.line().to_string())
        .collect();
    assert_eq!(
        journal.entries(),
        [&lines.join(" "), "first", "second", "third"]
    );
    assert_eq!(db.committed().await, [1]);

    // The next one knows nothing of it.
    store(&mut conn, 2, &journal).await.unwrap();
    assert_eq!(journal.entries()[4..], ["2"]);
    assert_eq!(db.committed().await, [1, 2]);
}

#[crate::driver::test]
async fn the_message_names_the_function_and_each_failure() {
    #[commit_on_success]
    async fn stores(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        defer!(fail("no paper"));
        defer!(fail("no ink"));
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let error = stores(&mut conn).await.unwrap_err().into_transaction();
    let message = error.to_string();
    for part in [
        "`stores`",
        "committed",
        "no paper",
        "no ink",
        "hook_failures.rs",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[crate::driver::test]
async fn a_failing_call_of_an_inner_block_is_reported_by_the_outermost() {
    #[commit_on_success]
    async fn inner(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 2).await?;
        defer!(fail("inner"));
        Ok(())
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        inner(conn).await?;
        journal.note("the inner returned ok");
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = outer(&mut conn, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_eq!(error.outcome(), Outcome::Committed);
    assert_eq!(error.failures().len(), 1);
    assert_eq!(journal.entries(), ["the inner returned ok"]);
    assert_eq!(db.committed().await, [1, 2]);
}

#[derive(Debug, PartialEq)]
struct Payload(u32);

fn blow_up(number: u32) {
    panic_any(Payload(number));
}

async fn blow_up_later(number: u32) {
    driver::pause().await;
    blow_up(number);
}

#[crate::driver::test]
async fn a_panic_of_a_call_goes_on_after_the_others_have_run_and_the_row_is_there() {
    #[commit_on_success]
    async fn stores(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        defer!(journal.clone().note("first"));
        defer!(blow_up(1));
        defer!(fail("in between"));
        defer!(blow_up_later(2).await);
        defer!(journal.clone().note("last"));
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let payload = driver::caught!(stores(&mut conn, &journal)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&Payload(1)));
    assert_eq!(journal.entries(), ["first", "last"]);
    assert_eq!(db.committed().await, [1]);

    store(&mut conn, 2, &journal).await.unwrap();
    assert_eq!(journal.entries()[2..], ["2"]);
    assert_eq!(db.committed().await, [1, 2]);
}

#[crate::driver::test]
async fn observers_hear_of_failures_behind_which_a_panic_goes_on() {
    #[commit_on_success]
    async fn stores(conn: &mut Connection, places: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        places.note(place(line!() + 1, 9));
        defer!(give_up());
        places.note(place(line!() + 1, 9));
        defer!(fail("with an error"));
        Ok(())
    }

    fn give_up() {
        panic!("with a message");
    }

    /// As a location prints itself.
    fn place(line: u32, column: u32) -> String {
        format!("{}:{line}:{column}", file!())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    observe();
    let places = Journal::default();
    let payload = driver::caught!(stores(&mut conn, &places)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"with a message"));
    let [panicked, failed] = places.entries().try_into().unwrap();
    let expected = format!("the call deferred at {panicked} panicked: with a message");
    assert_eq!(observed(&panicked), [expected]);
    let expected = format!("the call deferred at {failed} failed: with an error");
    assert_eq!(observed(&failed), [expected]);
}

#[crate::driver::test]
async fn a_call_that_opens_a_transaction_and_fails_rolls_back_that_one_alone() {
    #[commit_on_success(tx = &mut conn)]
    async fn store_and_fail(mut conn: Connection, journal: &Journal) -> Result<(), Failure> {
        driver::insert(tx, 2).await?;
        defer!(journal.clone().note("never"));
        Err(Failure::body("in the deferred call"))
    }

    async fn store_more(db: Database, journal: Journal) -> Result<(), Failure> {
        let conn = db.connect().await;
        store_and_fail(conn, &journal).await
    }

    #[commit_on_success]
    async fn stores(
        conn: &mut Connection,
        db: &Database,
        journal: &Journal,
    ) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        defer!(store_more(db.clone(), journal.clone()).await);
        defer!(journal.clone().note("last"));
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = stores(&mut conn, &db, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_eq!(error.outcome(), Outcome::Committed);
    assert_eq!(source_of(&error.failures()[0]), "in the deferred call");
    assert_eq!(journal.entries(), ["last"]);
    assert_eq!(db.committed().await, [1]);
}
