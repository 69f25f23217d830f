//! A connection to SQLite that works on a thread of its own.

use commit_on_success::{commit_on_success, defer};
use commit_on_success_tests::polling::drop_at_pending;

use crate::driver::{self, Connection, Database, Pool};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn block(conn: &mut Connection, first: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, first).await?;
    nested(conn, first + 1, journal).await?;
    nested(conn, first, journal).await.unwrap_err();
    defer!(journal.clone().note(first.to_string()));
    Ok(())
}

#[commit_on_success]
async fn nested(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

#[commit_on_success(tx = pool)]
async fn of_pool(pool: &Pool, first: i64, journal: &Journal) -> Result<(), Failure> {
    block(tx, first, journal).await
}

/// Whether somebody else can write at once, and what there is, which is then removed.
async fn look(db: &Database) -> Vec<i64> {
    let mut other = db.connect().await;
    let at_once = "PRAGMA busy_timeout = 0; BEGIN IMMEDIATE; ROLLBACK";
    driver::execute(&mut other, at_once).await.unwrap();
    let rows = driver::rows(&mut other).await.unwrap();
    driver::execute(&mut other, "DELETE FROM item")
        .await
        .unwrap();
    rows
}

#[crate::driver::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_borrowed_connection_can_be_used_again_wherever_a_future_was_dropped_on_it() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let mut points = 0;
    loop {
        let journal = Journal::default();
        let done = drop_at_pending(block(&mut conn, 1, &journal), points).await;
        assert_eq!(driver::depth(&mut conn), None);
        let rows = look(&db).await;
        assert!(rows.is_empty() || rows == [1, 2], "{rows:?}");
        block(&mut conn, 11, &journal).await.unwrap();
        assert_eq!(look(&db).await, [11, 12]);
        // A thread may have finished before it was asked.
        if done.is_some() && points > 16 {
            break;
        }
        points += 1;
    }
}

#[crate::driver::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_of_one_can_be_used_again_wherever_a_future_was_dropped() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let mut points = 0;
    loop {
        let journal = Journal::default();
        let done = drop_at_pending(of_pool(&pool, 1, &journal), points).await;
        let rows = look(&db).await;
        assert!(rows.is_empty() || rows == [1, 2], "{rows:?}");
        of_pool(&pool, 11, &journal).await.unwrap();
        assert_eq!(look(&db).await, [11, 12]);
        if done.is_some() && points > 20 {
            break;
        }
        points += 1;
    }
}

mod limits {
    use std::panic::AssertUnwindSafe;

    use commit_on_success::commit_on_success;
    use commit_on_success_tests::polling::poll_once;
    use futures_util::FutureExt as _;

    use crate::driver::{self, Pool};
    use crate::support::Failure;

    const SLOW: &str =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000000)
        INSERT INTO item SELECT i FROM n";

    #[commit_on_success(tx = pool)]
    async fn store(pool: &Pool, statement: &str) -> Result<(), Failure> {
        Ok(driver::execute(tx, statement).await?)
    }

    /// The panic is that of diesel-async, which has it without us as well.
    #[crate::driver::test]
    async fn a_statement_that_is_dropped_on_a_runtime_of_one_thread_panics_and_leaves_nothing_open()
    {
        let db = driver::open().await;
        let pool = db.pool(1).await;
        let mut future = Box::pin(store(&pool, SLOW));
        // Until it waits for the statement.
        let started = async {
            let mut conn = db.connect().await;
            let at_once = "PRAGMA busy_timeout = 0; BEGIN IMMEDIATE; ROLLBACK";
            while driver::execute(&mut conn, at_once).await.is_ok() {
                assert!(poll_once(future.as_mut()).is_pending());
                tokio::task::yield_now().await;
            }
        };
        started.await;
        let dropped = AssertUnwindSafe(async { drop(future) })
            .catch_unwind()
            .await;
        dropped.unwrap_err();
        store(&pool, "INSERT INTO item VALUES (7)").await.unwrap();
        assert_eq!(db.committed().await, [7]);
    }
}
