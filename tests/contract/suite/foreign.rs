//! Blocks inside a transaction that was opened without `commit_on_success`.

use commit_on_success::{Outcome, commit_on_success, defer, in_transaction};
use commit_on_success_tests::errors::assert_not_owned;

use crate::driver::{self, ByHand};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn store(conn: ByHand<'_, '_>, id: i64) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    assert!(in_transaction());
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

#[commit_on_success]
async fn store_and_defer(conn: ByHand<'_, '_>, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note("never"));
    defer!(journal.clone().note("never either"));
    Ok(())
}

#[crate::driver::test]
async fn without_calls_a_block_is_a_savepoint_of_the_transaction_around_it() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let mut by_hand = driver::begin_by_hand(&mut conn).await;
    assert!(!in_transaction());
    store(driver::lend!(by_hand), 1).await.unwrap();
    store(driver::lend!(by_hand), 2).await.unwrap_err();
    store(driver::lend!(by_hand), 3).await.unwrap();
    assert!(db.committed().await.is_empty());
    driver::commit_by_hand(by_hand).await;
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn what_a_block_has_stored_goes_with_the_transaction_around_it() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let mut by_hand = driver::begin_by_hand(&mut conn).await;
    store(driver::lend!(by_hand), 1).await.unwrap();
    drop(by_hand);
    assert!(driver::rows(&mut conn).await.unwrap().is_empty());
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn calls_that_nobody_would_run_are_an_error_and_the_savepoint_is_rolled_back() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let mut by_hand = driver::begin_by_hand(&mut conn).await;
    store(driver::lend!(by_hand), 1).await.unwrap();
    let refused = store_and_defer(driver::lend!(by_hand), 2, &journal).await;
    let error = refused.unwrap_err().into_transaction();
    assert_not_owned(&error, 2);
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(journal.owners(), 1);
    store(driver::lend!(by_hand), 3).await.unwrap();
    driver::commit_by_hand(by_hand).await;
    assert!(journal.entries().is_empty());
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn calls_of_an_inner_block_that_nobody_would_run_are_an_error_of_the_outer() {
    #[commit_on_success]
    async fn outer(conn: ByHand<'_, '_>, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        // Handed over to this block, which has nobody to hand them over to.
        store_and_defer(conn, 2, journal).await.unwrap();
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let mut by_hand = driver::begin_by_hand(&mut conn).await;
    let refused = outer(driver::lend!(by_hand), &journal).await;
    let error = refused.unwrap_err().into_transaction();
    assert_not_owned(&error, 2);
    driver::commit_by_hand(by_hand).await;
    assert!(journal.entries().is_empty());
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn calls_of_a_failed_block_are_dropped_and_its_error_is_returned() {
    #[commit_on_success]
    async fn fails(conn: ByHand<'_, '_>, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        defer!(journal.clone().note("never"));
        Err(Failure::body("mine"))
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let mut by_hand = driver::begin_by_hand(&mut conn).await;
    let error = fails(driver::lend!(by_hand), &journal).await.unwrap_err();
    assert_eq!(&*error.into_body(), "mine");
    driver::commit_by_hand(by_hand).await;
    assert!(journal.entries().is_empty());
    assert!(db.committed().await.is_empty());
}
