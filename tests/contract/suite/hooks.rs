//! Deferred calls of one block: when they run, and what they find.

use commit_on_success::signals::completed;
use commit_on_success::{commit_on_success, defer, in_transaction, pending, try_defer};

use crate::driver::{self, Connection, Database};
use crate::support::{Failure, Journal};

async fn note_later(journal: Journal, entry: &'static str) {
    driver::pause().await;
    journal.note(entry);
}

#[commit_on_success]
async fn store_and_note(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    defer!(journal.clone().note(id.to_string()));
    driver::insert(conn, id).await?;
    Ok(())
}

#[commit_on_success]
async fn note_and_fail(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    defer!(journal.clone().note(id.to_string()));
    driver::insert(conn, id).await?;
    Err(Failure::body("no"))
}

#[crate::driver::test]
async fn a_deferred_call_runs_after_the_body_and_before_the_function_returns() {
    #[commit_on_success]
    async fn defers(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("called"));
        driver::insert(conn, 1).await?;
        journal.note("end of body");
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    defers(&mut conn, &journal).await.unwrap();
    journal.note("returned");
    assert_eq!(journal.entries(), ["end of body", "called", "returned"]);
}

#[commit_on_success]
async fn store_until_its_end(
    conn: &mut Connection,
    id: i64,
    fails: bool,
    journal: &Journal,
) -> Result<(), Failure> {
    let ours = journal.clone();
    completed().connect(move |event| ours.note(format!("{id} {:?}", event.outcome)))?;
    defer!(journal.clone().note(format!("{id} called")));
    driver::insert(conn, id).await?;
    if fails {
        return Err(Failure::body("no"));
    }
    Ok(())
}

#[crate::driver::test]
async fn a_handler_of_every_ending_runs_after_the_calls_of_a_commit_and_after_a_rollback() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    store_until_its_end(&mut conn, 1, false, &journal)
        .await
        .unwrap();
    store_until_its_end(&mut conn, 2, true, &journal)
        .await
        .unwrap_err();
    assert_eq!(
        journal.entries(),
        ["1 called", "1 Committed", "2 RolledBack"]
    );
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn a_deferred_call_of_a_failed_block_never_runs_and_its_captures_are_dropped() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    note_and_fail(&mut conn, 1, &journal).await.unwrap_err();
    assert!(journal.entries().is_empty());
    assert_eq!(journal.owners(), 1);
}

// 79: nothing is merged
#[crate::driver::test]
async fn equal_calls_each_run_at_their_own_position() {
    #[commit_on_success]
    async fn defers(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("index"));
        driver::insert(conn, 1).await?;
        defer!(journal.clone().note("mail"));
        defer!(journal.clone().note("index"));
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    defers(&mut conn, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["index", "mail", "index"]);
}

#[crate::driver::test]
async fn deferred_calls_of_every_form_run_in_the_order_in_which_they_were_deferred() {
    fn write(journal: Journal, entry: &str) {
        journal.note(entry);
        drop(journal);
    }

    #[commit_on_success]
    async fn defers(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        let owned = journal.clone();
        let taken = journal.clone();
        defer!(journal.clone().note("method"));
        defer!(note_later(journal.clone(), "awaited").await);
        defer!(write, journal.clone(), "list");
        defer!(move || owned.note("closure"));
        driver::insert(conn, 1).await?;
        defer! {
            let entry = "block";
            write(taken, entry);
        }
        defer!(note_later(journal.clone(), "awaited again").await);
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    defers(&mut conn, &journal).await.unwrap();
    let order = [
        "method",
        "awaited",
        "list",
        "closure",
        "block",
        "awaited again",
    ];
    assert_eq!(journal.entries(), order);
}

#[crate::driver::test]
async fn deferred_calls_run_once() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    store_and_note(&mut conn, 1, &journal).await.unwrap();
    store_and_note(&mut conn, 2, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1", "2"]);
    assert_eq!(journal.owners(), 1);
}

#[crate::driver::test]
async fn deferred_calls_of_a_failed_block_do_not_run_in_the_next_one() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    note_and_fail(&mut conn, 1, &journal).await.unwrap_err();
    store_and_note(&mut conn, 2, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["2"]);
}

#[crate::driver::test]
async fn deferred_calls_run_when_nothing_was_written() {
    #[commit_on_success]
    async fn only_reads(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("called"));
        driver::rows(conn).await?;
        Ok(())
    }

    #[commit_on_success]
    async fn sends_nothing(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("called as well"));
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    only_reads(&mut conn, &journal).await.unwrap();
    sends_nothing(&mut conn, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["called", "called as well"]);
}

async fn look_around(db: Database, journal: Journal) {
    let (open, waiting) = (in_transaction(), pending());
    let rows = db.committed().await;
    journal.note(format!("open {open}, pending {waiting}, rows {rows:?}"));
}

#[crate::driver::test]
async fn a_deferred_call_is_outside_of_the_transaction_and_others_see_the_row() {
    #[commit_on_success]
    async fn stores(
        conn: &mut Connection,
        db: &Database,
        journal: &Journal,
    ) -> Result<(), Failure> {
        defer!(look_around(db.clone(), journal.clone()).await);
        defer!(look_around(db.clone(), journal.clone()).await);
        driver::insert(conn, 1).await?;
        assert!(in_transaction());
        assert_eq!(pending(), 2);
        assert!(db.committed().await.is_empty());
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    stores(&mut conn, &db, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["open false, pending 0, rows [1]"; 2]);
}

#[crate::driver::test]
async fn arguments_are_evaluated_where_the_call_is_deferred() {
    fn next(counter: &mut u32) -> String {
        *counter += 1;
        counter.to_string()
    }

    #[commit_on_success]
    async fn counts(conn: &mut Connection, journal: &Journal) -> Result<u32, Failure> {
        let mut counter = 0;
        defer!(journal.clone().note(next(&mut counter)));
        driver::insert(conn, 1).await?;
        counter += 10;
        defer!(journal.clone().note(next(&mut counter)));
        Ok(counter)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    assert_eq!(counts(&mut conn, &journal).await.unwrap(), 12);
    assert_eq!(journal.entries(), ["1", "12"]);
}

#[crate::driver::test]
async fn in_transaction_and_pending_tell_what_is_open() {
    #[commit_on_success]
    async fn looks(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        assert!(in_transaction());
        assert_eq!(pending(), 0);
        defer!(journal.clone().note("one"));
        assert_eq!(pending(), 1);
        driver::insert(conn, 1).await?;
        assert!(in_transaction());
        assert_eq!(pending(), 1);
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    assert!(!in_transaction());
    assert_eq!(pending(), 0);
    looks(&mut conn, &Journal::default()).await.unwrap();
    assert!(!in_transaction());
    assert_eq!(pending(), 0);
    note_and_fail(&mut conn, 2, &Journal::default())
        .await
        .unwrap_err();
    assert!(!in_transaction());
    assert_eq!(pending(), 0);
}

#[commit_on_success(tx = &mut conn)]
async fn store_alone(mut conn: Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    defer!(journal.clone().note(format!("{id} is stored")));
    driver::insert(tx, id).await?;
    Ok(())
}

#[crate::driver::test]
async fn a_deferred_call_can_open_a_transaction_of_its_own() {
    async fn store_more(db: Database, journal: Journal) -> Result<(), Failure> {
        let conn = db.connect().await;
        store_alone(conn, 2, &journal).await?;
        journal.note("end of the deferred call");
        Ok(())
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
    stores(&mut conn, &db, &journal).await.unwrap();
    let order = ["2 is stored", "end of the deferred call", "last"];
    assert_eq!(journal.entries(), order);
    assert_eq!(db.committed().await, [1, 2]);
}

#[crate::driver::test]
async fn a_call_deferred_by_a_deferred_call_runs_at_once() {
    async fn defers_again(journal: Journal) {
        journal.note("before");
        defer!(note_later(journal.clone(), "awaited").await);
        defer!(journal.clone().note("called"));
        let refused = try_defer!(journal.clone().note("never"));
        journal.note(format!("after, try_defer: {}", refused.is_err()));
    }

    #[commit_on_success]
    async fn stores(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        defer!(defers_again(journal.clone()).await);
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    stores(&mut conn, &journal).await.unwrap();
    let order = ["before", "awaited", "called", "after, try_defer: true"];
    assert_eq!(journal.entries(), order);
}

#[crate::driver::test]
async fn try_defer_defers_inside() {
    #[commit_on_success]
    async fn stores(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        try_defer!(journal.clone().note("one"))?;
        try_defer!(note_later(journal.clone(), "two").await)?;
        driver::insert(conn, 1).await?;
        assert!(journal.entries().is_empty());
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    stores(&mut conn, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["one", "two"]);
}
