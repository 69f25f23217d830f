//! The tests of deadpool-postgres alone: its sources in the forms in which users write them, statements that it
//! keeps, and what becomes of a connection whose state nobody knows.

use std::sync::Arc;

use commit_on_success::testing::AsyncTestTransaction;
use commit_on_success::{Error, Outcome, commit_on_success, defer};
use commit_on_success_tests::pg::AppError;
use commit_on_success_tests::proxy::Proxy;
use deadpool_postgres::{Manager, Object, PoolError, Runtime, Timeouts};
use tokio_postgres::{Client, NoTls};

use crate::driver::{self, Pool};
use crate::support::Journal;

#[commit_on_success(tx = pool)]
async fn store(pool: &Pool, id: i64, journal: &Journal) -> Result<(), AppError> {
    driver::insert(tx, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

/// Odd ones are fine.
fn finish(id: i64) -> Result<(), AppError> {
    if id % 2 == 0 {
        Err(AppError::Own("even"))
    } else {
        Ok(())
    }
}

/// In the transaction of whoever calls it, as every form leads to the client.
#[commit_on_success]
async fn on_client(client: &mut Client, id: i64, journal: &Journal) -> Result<(), AppError> {
    driver::insert(client, id).await?;
    defer!(journal.clone().note(id.to_string()));
    finish(id)
}

#[tokio::test]
async fn sources_of_every_form_commit_roll_back_and_lead_to_the_same_connection() {
    #[commit_on_success]
    async fn pool_by_value(tx: Pool, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(tx, id, journal).await?;
        finish(journal.entries().len().try_into().unwrap_or(0) + id)
    }

    #[commit_on_success]
    async fn pool_by_reference(pool: &Pool, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(pool, id, journal).await
    }

    #[commit_on_success]
    async fn pooled(conn: &mut Object, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(conn, id, journal).await
    }

    #[commit_on_success]
    async fn pooled_by_value(conn: Object, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(conn, id, journal).await
    }

    #[commit_on_success(tx = pool.get().await.map_err(|_| AppError::Own("no connection"))?)]
    async fn taken(pool: &Pool, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(tx, id, journal).await
    }

    #[commit_on_success(tx = &mut pool.get().await.map_err(|_| AppError::Own("no connection"))?)]
    async fn taken_and_lent(pool: &Pool, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(tx, id, journal).await
    }

    #[commit_on_success(tx = &mut ***conn)]
    async fn client(conn: &mut Object, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(tx, id, journal).await
    }

    #[commit_on_success(tx = &*pool)]
    async fn shared(pool: Arc<Pool>, id: i64, journal: &Journal) -> Result<(), AppError> {
        on_client(tx, id, journal).await
    }

    let Some(db) = driver::open().await else {
        return;
    };
    let pool = db.pool(1).await;
    for half in 0..2 {
        let id = |number: i64| 2 * number + half;
        let journal = Journal::default();
        let mut results = Vec::new();
        results.push(pool_by_value(pool.clone(), id(0), &journal).await);
        results.push(pool_by_reference(&pool, id(1), &journal).await);
        results.push(taken(&pool, id(2), &journal).await);
        results.push(taken_and_lent(&pool, id(3), &journal).await);
        results.push(shared(Arc::new(pool.clone()), id(4), &journal).await);
        let conn = driver::take(&pool).await;
        results.push(pooled_by_value(conn, id(5), &journal).await);
        let mut conn = driver::take(&pool).await;
        results.push(pooled(&mut conn, id(6), &journal).await);
        results.push(client(&mut conn, id(7), &journal).await);
        let as_expected = results.iter().all(|result| result.is_ok() == (half == 1));
        assert!(as_expected, "{results:?}");
        assert_eq!(journal.entries().len(), if half == 1 { 8 } else { 0 });
    }
    assert_eq!(db.committed().await, [1, 3, 5, 7, 9, 11, 13, 15]);
}

#[tokio::test]
async fn statements_that_the_pool_keeps_work_in_and_after_a_body() {
    const INSERT: &str = "INSERT INTO item (id) VALUES ($1)";

    #[commit_on_success(tx = pool)]
    async fn stores(pool: &Pool, id: i64) -> Result<(), AppError> {
        let insert = tx.prepare_cached(INSERT).await?;
        tx.execute(&insert, &[&id]).await?;
        finish(id)
    }

    let Some(db) = driver::open().await else {
        return;
    };
    let pool = db.pool(1).await;
    for id in 0..4 {
        assert_eq!(stores(&pool, id).await.is_err(), id % 2 == 0);
    }
    let conn = driver::take(&pool).await;
    assert_eq!(conn.statement_cache.size(), 1);
    let insert = conn.prepare_cached(INSERT).await.unwrap();
    conn.execute(&insert, &[&5_i64]).await.unwrap();
    assert_eq!(db.committed().await, [1, 3, 5]);
}

#[tokio::test]
async fn a_connection_by_value_is_back_in_its_pool_when_calls_run() {
    #[commit_on_success]
    async fn stores(conn: Object, pool: &Pool, journal: &Journal) -> Result<(), AppError> {
        let (theirs, journal) = (pool.clone(), journal.clone());
        defer!(move || journal.note(theirs.status().available.to_string()));
        Ok(driver::insert(conn, 1).await?)
    }

    let Some(db) = driver::open().await else {
        return;
    };
    let (pool, journal) = (db.pool(1).await, Journal::default());
    let conn = driver::take(&pool).await;
    stores(conn, &pool, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1"]);
}

#[tokio::test]
async fn without_a_connection_the_body_does_not_run() {
    let Some(db) = driver::open().await else {
        return;
    };
    let manager = Manager::new(db.config.clone(), NoTls);
    let no_patience = Timeouts {
        wait: Some(std::time::Duration::ZERO),
        ..Timeouts::default()
    };
    let pool = Pool::builder(manager).max_size(1).timeouts(no_patience);
    let pool = pool.runtime(Runtime::Tokio1).build().unwrap();
    let journal = Journal::default();
    let only = driver::take(&pool).await;
    let refused = store(&pool, 1, &journal).await;
    let error = refused.unwrap_err().into_transaction();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    let Error::Begin { source, .. } = error else {
        panic!("{error:?}");
    };
    let timeout = source.downcast_ref::<PoolError>();
    assert!(matches!(timeout, Some(PoolError::Timeout(_))), "{source:?}");
    assert_eq!(journal.owners(), 1);
    drop(only);
    store(&pool, 2, &journal).await.unwrap();
    assert_eq!(db.committed().await, [2]);
}

#[tokio::test]
async fn a_connection_whose_begin_was_under_way_comes_back_to_its_pool() {
    let Some(db) = driver::open().await else {
        return;
    };
    let proxy = Proxy::to(db.server()).await.unwrap();
    let pool = db.through(proxy.address()).pool(1).await;
    drop(driver::take(&pool).await);
    assert_eq!(pool.status().size, 1);
    let journal = Journal::default();
    proxy.replies.hold();
    tokio::select! {
        biased;
        _ = store(&pool, 1, &journal) => unreachable!("the answer is held"),
        () = proxy.replies.holding() => {}
    }
    assert_eq!((pool.status().size, pool.status().available), (1, 0));
    proxy.replies.open();
    store(&pool, 2, &journal).await.unwrap();
    assert_eq!(proxy.ports().len(), 1);
    assert_eq!(journal.entries(), ["2"]);
    assert_eq!(db.committed().await, [2]);
}

#[tokio::test]
async fn a_connection_whose_body_was_running_stays_in_the_pool() {
    #[commit_on_success(tx = pool)]
    async fn hangs(pool: &Pool) -> Result<(), AppError> {
        driver::insert(tx, 1).await?;
        std::future::pending().await
    }

    let Some(db) = driver::open().await else {
        return;
    };
    let pool = db.pool(1).await;
    let number = "SELECT pg_backend_pid()";
    let before: i32 = driver::take(&pool)
        .await
        .query_one(number, &[])
        .await
        .unwrap()
        .get(0);
    let limit = std::time::Duration::from_millis(50);
    assert!(tokio::time::timeout(limit, hangs(&pool)).await.is_err());
    let conn = driver::take(&pool).await;
    let after: i32 = conn.query_one(number, &[]).await.unwrap().get(0);
    assert_eq!(before, after);
    assert!(db.committed().await.is_empty());
}

#[tokio::test]
async fn functions_inside_a_tests_transaction_are_outermost_ones_also_when_they_are_dropped() {
    #[commit_on_success]
    async fn stores(conn: &mut Object, id: i64, journal: &Journal) -> Result<(), AppError> {
        driver::insert(conn, id).await?;
        defer!(journal.clone().note(id.to_string()));
        if id == 2 {
            std::future::pending().await
        } else {
            finish(id)
        }
    }

    let Some(db) = driver::open().await else {
        return;
    };
    let (pool, journal) = (db.pool(1).await, Journal::default());
    let mut test = AsyncTestTransaction::begin(&pool).await.unwrap();
    stores(test.connection(), 1, &journal).await.unwrap();
    stores(test.connection(), 4, &journal).await.unwrap_err();
    let limit = std::time::Duration::from_millis(50);
    let dropped = stores(test.connection(), 2, &journal);
    assert!(tokio::time::timeout(limit, dropped).await.is_err());
    stores(test.connection(), 3, &journal).await.unwrap();
    assert_eq!(driver::rows(test.connection()).await.unwrap(), [1, 3]);
    assert_eq!(journal.entries(), ["1", "3"]);
    test.rollback().await.unwrap();
    assert!(db.committed().await.is_empty());
}
