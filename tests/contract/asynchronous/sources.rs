//! Sources of sqlx in the forms in which users write them.

use std::sync::Arc;

use commit_on_success::{ErrorKind, Outcome, commit_on_success, defer};
use commit_on_success_tests::errors::{assert_kind, source_of};

use crate::driver::{self, Connection, Pool};
use crate::support::{Failure, Journal};

#[commit_on_success(tx = pool)]
async fn store(pool: &Pool, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(tx, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

#[commit_on_success]
async fn store_on(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

#[crate::driver::test]
async fn awaited_calls_of_a_pool_of_one_can_have_its_connection() {
    async fn look(pool: Pool, journal: Journal) {
        let mut conn = driver::take(&pool).await;
        let rows = driver::rows(&mut conn).await.unwrap();
        journal.note(format!("{rows:?}"));
    }

    #[commit_on_success(tx = pool)]
    async fn stores(pool: &Pool, journal: &Journal) -> Result<(), Failure> {
        driver::insert(tx, 1).await?;
        defer!(look(pool.clone(), journal.clone()).await);
        let (pool, theirs) = (pool.clone(), journal.clone());
        defer!(async move {
            store(&pool, 2, &theirs).await?;
            look(pool, theirs).await;
            Ok::<(), Failure>(())
        });
        Ok(())
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    stores(&pool, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["[1]", "2", "[1, 2]"]);
}

#[crate::driver::test]
async fn sqlx_sources_of_every_form_commit_and_roll_back() {
    #[commit_on_success]
    async fn pool_by_value(tx: Pool, id: i64) -> Result<(), Failure> {
        finish(driver::insert(tx, id).await, id)
    }

    #[commit_on_success]
    async fn pool_by_reference(pool: &Pool, id: i64) -> Result<(), Failure> {
        finish(driver::insert(pool, id).await, id)
    }

    #[commit_on_success]
    async fn pooled(conn: &mut driver::Pooled, id: i64) -> Result<(), Failure> {
        finish(driver::insert(conn, id).await, id)
    }

    #[commit_on_success(tx = pool.acquire().await?)]
    async fn acquired(pool: &Pool, id: i64) -> Result<(), Failure> {
        finish(driver::insert(tx, id).await, id)
    }

    #[commit_on_success(tx = &mut pool.acquire().await?)]
    async fn acquired_and_lent(pool: &Pool, id: i64) -> Result<(), Failure> {
        finish(driver::insert(tx, id).await, id)
    }

    #[commit_on_success(tx = &mut **conn)]
    async fn reborrowed(conn: &mut driver::Pooled, id: i64) -> Result<(), Failure> {
        finish(driver::insert(tx, id).await, id)
    }

    /// Odd ones are fine.
    fn finish(inserted: Result<(), sqlx::Error>, id: i64) -> Result<(), Failure> {
        inserted?;
        if id % 2 == 0 {
            Err(Failure::body("even"))
        } else {
            Ok(())
        }
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    for half in 0..2 {
        let id = |number: i64| 2 * number + half;
        let mut results = Vec::new();
        results.push(pool_by_value(pool.clone(), id(0)).await);
        results.push(pool_by_reference(&pool, id(1)).await);
        results.push(acquired(&pool, id(2)).await);
        results.push(acquired_and_lent(&pool, id(3)).await);
        let mut conn = driver::take(&pool).await;
        results.push(pooled(&mut conn, id(4)).await);
        results.push(reborrowed(&mut conn, id(5)).await);
        assert!(
            results.iter().all(|result| result.is_ok() == (half == 1)),
            "{results:?}"
        );
    }
    assert_eq!(db.committed().await, [1, 3, 5, 7, 9, 11]);
}

#[crate::driver::test]
async fn without_a_connection_the_body_does_not_run() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    pool.close().await;
    let error = store(&pool, 1, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_kind(&error, ErrorKind::Begin, "store");
    let source = source_of(&error);
    assert!(
        matches!(source.downcast_ref(), Some(sqlx::Error::PoolClosed)),
        "{source:?}"
    );
    assert_eq!(journal.owners(), 1);
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn without_a_connection_the_drivers_error_is_the_original() {
    #[commit_on_success]
    async fn looks(tx: &Pool) -> sqlx::Result<Vec<i64>> {
        driver::rows(tx).await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    pool.close().await;
    assert!(matches!(looks(&pool).await, Err(sqlx::Error::PoolClosed)));
}

#[crate::driver::test]
async fn an_arc_of_a_pool_is_a_source_by_its_pool() {
    #[commit_on_success(tx = &*pool)]
    async fn stores(pool: Arc<Pool>, journal: &Journal) -> Result<(), Failure> {
        store_on(tx, 1, journal).await
    }

    let db = driver::open().await;
    let journal = Journal::default();
    stores(Arc::new(db.pool(1).await), &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(db.committed().await, [1]);
}
