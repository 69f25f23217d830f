//! diesel-async alone, on every database: transactions of its own whose future is dropped, and tests.

use std::future::pending as forever;
use std::panic::panic_any;
use std::sync::Arc;

use commit_on_success::testing::AsyncTestTransaction;
use commit_on_success::{ErrorKind, Outcome, Owned, commit_on_success, defer};
use tokio::sync::{Mutex, Notify};

use crate::dialect;
use crate::driver::{self, Connection, Generic as _, Pool};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

/// Without calls, which a transaction of somebody else would lose.
#[commit_on_success]
async fn hang(conn: &mut Connection, id: i64, reached: &Notify) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    reached.notify_one();
    forever().await
}

#[crate::driver::test]
async fn a_transaction_of_diesel_whose_future_is_dropped_in_a_body_is_not_half_committed() {
    #[commit_on_success(tx = pool)]
    async fn outer(pool: &Pool, journal: &Journal) -> Result<(), Failure> {
        store(tx, 1, journal).await?;
        let reached = Notify::new();
        let inner = tx.transaction::<(), Failure, _>(async |conn| {
            driver::insert(conn, 2).await?;
            reached.notify_one();
            forever().await
        });
        tokio::select! {
            _ = inner => unreachable!("it hangs"),
            () = reached.notified() => {}
        }
        Ok(())
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let error = outer(&pool, &journal).await.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert!(journal.entries().is_empty());
    let mut conn = driver::take(&pool).await;
    store(&mut conn, 3, &journal).await.unwrap();
    assert_eq!(db.committed().await, [3]);
}

#[crate::driver::test]
async fn of_a_block_that_is_cancelled_in_a_transaction_of_diesel_nothing_is_ever_stored() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let done = conn.transaction::<(), Failure, _>(async |conn| {
        driver::insert(conn, 1).await?;
        let reached = Notify::new();
        tokio::select! {
            _ = hang(conn, 2, &reached) => unreachable!("it hangs"),
            () = reached.notified() => {}
        }
        Ok(())
    });
    if dialect::OUTLIVES_CANCELLATION {
        done.await.unwrap();
        assert_eq!(driver::depth(&mut conn), None);
        driver::insert(&mut conn, 3).await.unwrap();
        assert_eq!(db.committed().await, [1, 3]);
    } else {
        // The block could not be undone alone, so the whole is refused.
        done.await.unwrap_err();
        drop(conn);
        assert!(db.committed().await.is_empty());
    }
}

#[crate::driver::test]
async fn in_our_own_test_transaction_nothing_is_stored() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let mut test = AsyncTestTransaction::begin(&mut conn).await.unwrap();
    store(test.connection(), 1, &journal).await.unwrap();
    store(test.connection(), 1, &journal).await.unwrap_err();
    if dialect::OUTLIVES_CANCELLATION {
        let reached = Notify::new();
        tokio::select! {
            _ = hang(test.connection(), 2, &reached) => unreachable!("it hangs"),
            () = reached.notified() => {}
        }
        store(test.connection(), 3, &journal).await.unwrap();
        let rows = driver::rows(test.connection()).await.unwrap();
        assert_eq!(rows, [1, 3]);
        assert_eq!(journal.entries(), ["1", "3"]);
    }
    test.rollback().await.unwrap();
    assert_eq!(driver::depth(&mut conn), None);
    assert!(db.committed().await.is_empty());
    store(&mut conn, 5, &journal).await.unwrap();
    assert_eq!(db.committed().await, [5]);
}

#[crate::driver::test]
async fn a_block_that_is_cancelled_in_a_test_transaction_of_diesel_is_undone() {
    if !dialect::OUTLIVES_CANCELLATION {
        return;
    }
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    conn.begin_test_transaction().await.unwrap();
    let reached = Notify::new();
    tokio::select! {
        _ = hang(&mut conn, 2, &reached) => unreachable!("it hangs"),
        () = reached.notified() => {}
    }
    store(&mut conn, 3, &journal).await.unwrap();
    assert_eq!(driver::rows(&mut conn).await.unwrap(), [3]);
    assert_eq!(journal.entries(), ["3"]);
}

/// A panic that the body around it catches takes nothing but the nested block with it.
#[crate::driver::test]
async fn a_nested_block_that_panics_is_undone_where_that_needs_nobody_to_wait() {
    #[commit_on_success]
    async fn panics(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 2).await?;
        store(conn, 4, journal).await?;
        panic_any(7_u32);
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 1, journal).await?;
        let payload = driver::caught!(panics(conn, journal));
        assert_eq!(payload.unwrap_err().downcast_ref(), Some(&7_u32));
        store(conn, 3, journal).await
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let done = outer(&mut conn, &journal).await;
    if dialect::OUTLIVES_CANCELLATION {
        done.unwrap();
        assert_eq!(journal.entries(), ["1", "3"]);
        assert_eq!(driver::depth(&mut conn), None);
        assert_eq!(db.committed().await, [1, 3]);
    } else {
        let error = done.unwrap_err().into_transaction();
        assert_eq!(error.outcome(), Outcome::RolledBack, "{error:?}");
        assert!(journal.entries().is_empty());
        assert!(db.committed().await.is_empty());
    }
}

#[crate::driver::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_future_that_owns_the_guard_of_a_mutex_can_be_spawned_and_lets_it_go_when_it_is_dropped()
{
    #[commit_on_success(tx = Owned(shared.lock().await))]
    async fn hangs_on(shared: Arc<Mutex<Connection>>, reached: Arc<Notify>) -> Result<(), Failure> {
        driver::insert(tx, 2).await?;
        reached.notify_one();
        forever().await
    }

    #[commit_on_success(tx = Owned(shared.lock_owned().await))]
    async fn store_on(shared: Arc<Mutex<Connection>>, journal: Journal) -> Result<(), Failure> {
        store(tx, 3, &journal).await
    }

    let db = driver::open().await;
    let shared = Arc::new(Mutex::new(db.connect().await));
    let reached = Arc::new(Notify::new());
    let hanging = tokio::spawn(hangs_on(Arc::clone(&shared), Arc::clone(&reached)));
    reached.notified().await;
    hanging.abort();
    assert!(hanging.await.unwrap_err().is_cancelled());
    let journal = Journal::default();
    let stored = tokio::spawn(store_on(shared, journal.clone())).await;
    let stored = stored.unwrap();
    if dialect::OUTLIVES_CANCELLATION {
        stored.unwrap();
        assert_eq!(journal.entries(), ["3"]);
        assert_eq!(db.committed().await, [3]);
    } else {
        // Nobody throws the connection away, and nobody can tell it to roll back.
        let error = stored.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
        assert!(db.committed().await.is_empty());
    }
}
