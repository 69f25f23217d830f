//! Futures that are dropped, and panics that are caught inside.

use std::future::pending as forever;
use std::panic::panic_any;

use commit_on_success::{
    ErrorKind, Outcome, RollbackOnly, commit_on_success, defer, in_transaction,
};
use commit_on_success_tests::errors::assert_kind;
use tokio::sync::Notify;

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

#[commit_on_success]
async fn hang_on(
    conn: &mut Connection,
    id: i64,
    journal: &Journal,
    reached: &Notify,
) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note("never"));
    reached.notify_one();
    forever().await
}

// 157: a deadline drops the future as well.
#[crate::driver::test]
async fn a_future_dropped_in_its_body_rolls_back_runs_nothing_and_frees_the_pool_of_one() {
    #[commit_on_success(tx = pool)]
    async fn hangs(pool: &Pool, journal: &Journal, reached: &Notify) -> Result<(), Failure> {
        driver::insert(tx, 1).await?;
        defer!(journal.clone().note("never"));
        reached.notify_one();
        forever().await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let (journal, reached) = (Journal::default(), Notify::new());
    tokio::select! {
        _ = hangs(&pool, &journal, &reached) => unreachable!("it hangs"),
        () = reached.notified() => {}
    }
    assert!(!in_transaction());
    assert_eq!(journal.owners(), 1);
    store(&pool, 2, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["2"]);
    assert_eq!(db.committed().await, [2]);
    // Not even inside a transaction that somebody left open.
    let mut conn = driver::take(&pool).await;
    driver::insert(&mut conn, 3).await.unwrap();
    assert_eq!(db.committed().await, [2, 3]);
}

#[crate::driver::test]
async fn a_future_dropped_in_its_body_leaves_a_borrowed_connection_clean() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let (journal, reached) = (Journal::default(), Notify::new());
    tokio::select! {
        _ = hang_on(&mut conn, 1, &journal, &reached) => unreachable!("it hangs"),
        () = reached.notified() => {}
    }
    store_on(&mut conn, 2, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["2"]);
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn a_future_dropped_in_an_inner_block_rolls_back_all_levels() {
    #[commit_on_success(tx = pool)]
    async fn outer(pool: &Pool, journal: &Journal, reached: &Notify) -> Result<(), Failure> {
        store_on(tx, 1, journal).await?;
        hang_on(tx, 2, journal, reached).await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let (journal, reached) = (Journal::default(), Notify::new());
    tokio::select! {
        _ = outer(&pool, &journal, &reached) => unreachable!("it hangs"),
        () = reached.notified() => {}
    }
    store(&pool, 3, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["3"]);
    assert_eq!(db.committed().await, [3]);
}

#[crate::driver::test]
async fn an_inner_block_that_is_cancelled_alone_makes_the_outer_roll_back_with_an_error() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store_on(conn, 1, journal).await?;
        let reached = Notify::new();
        tokio::select! {
            _ = hang_on(conn, 2, journal, &reached) => unreachable!("it hangs"),
            () = reached.notified() => {}
        }
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = outer(&mut conn, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_kind(&error, ErrorKind::RollbackOnly, "outer");
    assert_eq!(error.rollback_only(), Some(RollbackOnly::NestedCancelled));
    assert!(journal.entries().is_empty());
    store_on(&mut conn, 3, &journal).await.unwrap();
    assert_eq!(db.committed().await, [3]);
}

#[crate::driver::test]
async fn an_inner_block_that_panics_and_is_caught_leaves_nothing_of_its_own() {
    #[commit_on_success]
    async fn panics(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 2).await?;
        panic_any(7_u32);
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store_on(conn, 1, journal).await?;
        let payload = driver::caught!(panics(conn)).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&7_u32));
        assert!(in_transaction());
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    // A driver that can queue a rollback undoes the inner block alone; where it would have to be awaited, the outer one
    // goes with it.
    let mut stored = match outer(&mut conn, &journal).await {
        Ok(()) => vec![1],
        Err(error) => {
            let error = error.into_transaction();
            assert_eq!(error.outcome(), Outcome::RolledBack);
            assert_eq!(error.rollback_only(), Some(RollbackOnly::NestedPanicked));
            Vec::new()
        }
    };
    assert_eq!(journal.entries().len(), stored.len());
    store_on(&mut conn, 3, &journal).await.unwrap();
    stored.push(3);
    assert_eq!(db.committed().await, stored);
}

#[crate::driver::test]
async fn a_future_dropped_after_it_has_completed_has_committed() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let mut future = Box::pin(store(&pool, 1, &journal));
    future.as_mut().await.unwrap();
    drop(future);
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn a_future_that_was_never_polled_does_nothing() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    drop(store(&pool, 1, &journal));
    assert!(db.committed().await.is_empty());
    assert!(journal.entries().is_empty());
}
