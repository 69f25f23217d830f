//! PostgreSQL hides the cause of a failed transaction from whoever asks later.

use commit_on_success::{commit_on_success, defer};

use crate::driver::{self, Connection, Database, Pool};
use crate::support::{Failure, Journal};

/// Makes the transaction that has looked at the row fail when it changes it, with 40001.
#[commit_on_success]
async fn change(conn: &mut Connection) -> Result<(), Failure> {
    Ok(driver::execute(conn, "UPDATE item SET id = id + 10").await?)
}

#[commit_on_success(
    tx = driver::source(pool),
    isolation = repeatable_read,
    attempts = 3
)]
async fn swallows(pool: &Pool, db: &Database, journal: &Journal) -> Result<(), Failure> {
    journal.note("body");
    defer!(journal.clone().note("called"));
    driver::rows(tx).await?;
    if journal.entries().len() == 1 {
        change(&mut db.connect().await).await?;
    }
    let _swallowed = driver::execute(tx, "UPDATE item SET id = id + 1").await;
    Ok(())
}

#[crate::driver::test]
async fn a_serialization_failure_that_is_swallowed_is_worth_another_attempt() {
    let db = driver::open().await;
    let (pool, journal) = (db.pool(1).await, Journal::default());
    driver::insert(&mut db.connect().await, 1).await.unwrap();
    swallows(&pool, &db, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["body", "body", "called"]);
    assert_eq!(db.committed().await, [12]);
}
