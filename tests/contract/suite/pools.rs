//! Connections from pools.

use commit_on_success::{commit_on_success, defer};

use crate::driver::{self, Connection, Database, Pool};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn inner(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

#[commit_on_success(tx = driver::source(pool))]
async fn store(pool: &Pool, id: i64, journal: &Journal) -> Result<(), Failure> {
    defer!(journal.clone().note("outer"));
    inner(tx, id, journal).await?;
    inner(tx, 50, journal).await.unwrap_err();
    Ok(())
}

#[crate::driver::test]
async fn a_pool_as_the_source_commits_rolls_back_and_nests() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    store(&pool, 1, &journal).await.unwrap();
    store(&pool, 2, &journal).await.unwrap_err();
    store(&pool, 3, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["outer", "1", "outer", "3"]);
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn a_pooled_connection_by_reference_commits_rolls_back_and_stays_with_its_owner() {
    #[commit_on_success(tx = conn)]
    async fn store(conn: &mut driver::Pooled, id: i64, journal: &Journal) -> Result<(), Failure> {
        inner(tx, id, journal).await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let mut conn = driver::take(&pool).await;
    store(&mut conn, 1, &journal).await.unwrap();
    store(&mut conn, 2, &journal).await.unwrap_err();
    driver::insert(&mut conn, 4).await.unwrap();
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(db.committed().await, [1, 4]);
}

#[crate::driver::test]
async fn a_pooled_connection_by_value_goes_back_to_its_pool() {
    #[commit_on_success(tx = conn)]
    async fn store(conn: driver::Pooled, id: i64, journal: &Journal) -> Result<(), Failure> {
        inner(tx, id, journal).await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    store(driver::take(&pool).await, 1, &journal).await.unwrap();
    store(driver::take(&pool).await, 2, &journal)
        .await
        .unwrap_err();
    store(driver::take(&pool).await, 3, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1", "3"]);
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn a_deferred_call_gets_the_only_connection_of_the_pool() {
    async fn store_more(pool: Pool, db: Database, journal: Journal) -> Result<(), Failure> {
        store(&pool, 3, &journal).await?;
        let rows = db.committed().await;
        journal.note(format!("{rows:?}"));
        Ok(())
    }

    #[commit_on_success(tx = driver::source(pool))]
    async fn stores(pool: &Pool, db: &Database, journal: &Journal) -> Result<(), Failure> {
        driver::insert(tx, 1).await?;
        defer!(store_more(pool.clone(), db.clone(), journal.clone()).await);
        Ok(())
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    stores(&pool, &db, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["outer", "3", "[1, 3]"]);
}

#[crate::driver::test]
async fn a_pool_of_one_serves_one_transaction_after_the_other() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    for id in 0..20 {
        assert_eq!(store(&pool, id, &journal).await.is_err(), id % 2 == 0);
    }
    assert_eq!(
        db.committed().await,
        (0..20).filter(|id| id % 2 == 1).collect::<Vec<_>>()
    );
    assert_eq!(journal.entries().len(), 20);
}
