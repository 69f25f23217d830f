// What SQLite alone does: it ends a transaction by itself.

use commit_on_success::{ErrorKind, Outcome, commit_on_success, defer};
use commit_on_success_tests::errors::assert_kind;

use crate::driver::{self, Connection, Pool};
use crate::support::{Failure, Journal, observe, observed};

const CONFLICT: &str = "INSERT OR ROLLBACK INTO item (id) VALUES (1)";

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

#[crate::driver::test]
async fn insert_or_rollback_that_is_swallowed_is_an_error_and_no_call_runs() {
    #[commit_on_success(tx = driver::source(pool))]
    async fn swallows(pool: &Pool, journal: &Journal, id: Option<i64>) -> Result<(), Failure> {
        driver::insert(tx, 1).await?;
        defer!(journal.clone().note("never"));
        driver::execute(tx, CONFLICT).await.unwrap_err();
        if let Some(id) = id {
            // Outside of any transaction, though it does not look like it.
            driver::insert(tx, id).await?;
        }
        Ok(())
    }

    #[commit_on_success(tx = driver::source(pool))]
    async fn stores(pool: &Pool, journal: &Journal) -> Result<(), Failure> {
        store(tx, 3, journal).await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    for id in [None, Some(2)] {
        let error = swallows(&pool, &journal, id)
            .await
            .unwrap_err()
            .into_transaction();
        assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
        assert_ne!(error.outcome(), Outcome::Committed);
    }
    assert!(journal.entries().is_empty());
    stores(&pool, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["3"]);
    assert_eq!(db.committed().await, [2, 3]);
}

#[crate::driver::test]
async fn the_error_of_insert_or_rollback_is_returned_when_it_is_passed_on() {
    #[commit_on_success]
    async fn passes_the_conflict_on(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        driver::execute(conn, CONFLICT).await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    observe();
    let error = passes_the_conflict_on(&mut conn).await.unwrap_err();
    assert!(matches!(error, Failure::Driver(_)), "{error:?}");
    // It explains why the transaction is gone, so nothing is unknown.
    assert_eq!(observed("passes_the_conflict_on"), [""; 0]);
    store(&mut conn, 2, &journal).await.unwrap();
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn insert_or_rollback_in_an_inner_block_takes_the_outer_with_it() {
    #[commit_on_success]
    async fn inner(conn: &mut Connection) -> Result<(), Failure> {
        driver::execute(conn, CONFLICT).await?;
        Ok(())
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 1, journal).await?;
        inner(conn).await.unwrap_err();
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = outer(&mut conn, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_ne!(error.outcome(), Outcome::Committed);
    assert!(journal.entries().is_empty());
    assert!(db.committed().await.is_empty());
    store(&mut conn, 2, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["2"]);
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn without_a_savepoint_the_body_of_an_inner_block_does_not_run() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        driver::execute(conn, CONFLICT).await.unwrap_err();
        store(conn, 2, journal).await
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = outer(&mut conn, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_kind(&error, ErrorKind::NestedBegin, "store");
    assert!(journal.entries().is_empty());
    assert!(db.committed().await.is_empty());
    store(&mut conn, 3, &journal).await.unwrap();
    assert_eq!(db.committed().await, [3]);
}

#[crate::driver::test]
async fn a_file_that_is_busy_at_commit_is_an_error_and_the_connection_is_clean() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let mut reader = db.connect().await;
    let journal = Journal::default();
    driver::execute(&mut conn, "PRAGMA busy_timeout = 0")
        .await
        .unwrap();
    store(&mut conn, 1, &journal).await.unwrap();

    driver::execute(&mut reader, "BEGIN; SELECT * FROM item;")
        .await
        .unwrap();
    let error = store(&mut conn, 2, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(journal.entries(), ["1"]);

    driver::execute(&mut reader, "COMMIT").await.unwrap();
    store(&mut conn, 3, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1", "3"]);
    assert_eq!(db.committed().await, [1, 3]);
}
