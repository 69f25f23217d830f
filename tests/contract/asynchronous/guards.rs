//! Connections behind a lock, given to a block with the guard that leads to them.

use std::sync::Arc;

use commit_on_success::{Owned, commit_on_success, defer};
use sqlx::Connection as _;
use tokio::sync::Mutex;

use crate::dialect;
use crate::driver::{self, Connection, Pool, Pooled};
use crate::support::{Failure, Journal};
use crate::verdicts::{leftovers, observe};

type Locked<C> = Arc<Mutex<C>>;

#[commit_on_success(tx = Owned(shared.lock().await))]
async fn store(shared: &Locked<Connection>, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(tx, id).await?;
    defer!(look(Locked::clone(shared), journal.clone()).await);
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

/// Locks the mutex itself.
async fn look(shared: Locked<Connection>, journal: Journal) {
    let rows = driver::rows(&mut *shared.lock().await).await.unwrap();
    journal.note(format!("{rows:?}"));
}

#[crate::driver::test]
async fn a_mutex_is_free_when_deferred_calls_run() {
    let db = driver::open().await;
    let shared = Arc::new(Mutex::new(db.connect().await));
    let journal = Journal::default();
    store(&shared, 1, &journal).await.unwrap();
    store(&shared, 2, &journal).await.unwrap_err();
    store(&shared, 3, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["[1]", "[1, 3]"]);
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn a_mutex_is_free_when_handlers_of_a_rollback_run() {
    #[commit_on_success(tx = Owned(shared.lock().await))]
    async fn fails(shared: &Locked<Connection>, journal: &Journal) -> Result<(), Failure> {
        driver::insert(tx, 1).await?;
        let (theirs, journal) = (Locked::clone(shared), journal.clone());
        commit_on_success::signals::post_rollback()
            .connect(move |_| journal.note(format!("free: {}", theirs.try_lock().is_ok())))?;
        Err(Failure::body("no"))
    }

    let db = driver::open().await;
    let shared = Arc::new(Mutex::new(db.connect().await));
    let journal = Journal::default();
    fails(&shared, &journal).await.unwrap_err();
    assert_eq!(journal.entries(), ["free: true"]);
}

#[crate::driver::test]
async fn a_guard_of_a_pool_of_one_is_dropped_before_deferred_calls() {
    #[commit_on_success(tx = Owned(pool.acquire().await?))]
    async fn store(pool: &Pool, id: i64, journal: &Journal) -> Result<(), Failure> {
        driver::insert(tx, id).await?;
        defer!(look(pool.clone(), journal.clone()).await);
        Ok(())
    }

    async fn look(pool: Pool, journal: Journal) {
        let mut conn = driver::take(&pool).await;
        let rows = driver::rows(&mut conn).await.unwrap();
        journal.note(format!("{rows:?}"));
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    store(&pool, 1, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["[1]"]);
}

#[crate::driver::test]
async fn a_mutex_is_free_with_a_pooled_connection_and_with_a_box_in_it() {
    #[commit_on_success(tx = Owned(shared.lock().await))]
    async fn pooled(shared: &Locked<Pooled>, journal: &Journal) -> Result<(), Failure> {
        let tx: &mut Connection = tx;
        driver::insert(tx, 1).await?;
        let (theirs, journal) = (Locked::clone(shared), journal.clone());
        defer!(async move {
            let rows = driver::rows(&mut *theirs.lock().await).await?;
            journal.note(format!("{rows:?}"));
            Ok::<(), sqlx::Error>(())
        });
        Ok(())
    }

    #[commit_on_success(tx = Owned(boxed))]
    async fn boxed(boxed: Box<Connection>) -> Result<(), Failure> {
        Ok(driver::insert(tx, 2).await?)
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let shared = Arc::new(Mutex::new(driver::take(&pool).await));
    pooled(&shared, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["[1]"]);
    boxed(Box::new(db.connect().await)).await.unwrap();
    assert_eq!(db.committed().await, [1, 2]);
}

#[crate::driver::test]
async fn blocks_inside_of_one_on_a_guard_nest() {
    #[commit_on_success]
    async fn inner(conn: &mut Connection, id: i64) -> Result<(), Failure> {
        driver::insert(conn, id).await?;
        if id % 2 == 0 {
            Err(Failure::body("even"))
        } else {
            Ok(())
        }
    }

    #[commit_on_success(tx = Owned(shared.lock().await))]
    async fn outer(shared: &Locked<Connection>) -> Result<(), Failure> {
        inner(tx, 1).await?;
        inner(tx, 2).await.unwrap_err();
        inner(tx, 3).await
    }

    let db = driver::open().await;
    outer(&Arc::new(Mutex::new(db.connect().await)))
        .await
        .unwrap();
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn what_was_left_open_behind_a_guard_is_rolled_back_and_observers_are_told() {
    let db = driver::open().await;
    observe();
    let mut conn = db.connect().await;
    let mut forgotten = conn.begin().await.unwrap();
    driver::insert(&mut forgotten, 1).await.unwrap();
    std::mem::forget(forgotten);
    let shared = Arc::new(Mutex::new(conn));
    store(&shared, 3, &Journal::default()).await.unwrap();
    assert_eq!(db.committed().await, [3]);
    assert_eq!(leftovers(), 1);
    store(&shared, 5, &Journal::default()).await.unwrap();
    assert_eq!(leftovers(), 1);
}

#[crate::driver::test]
async fn what_was_left_open_behind_a_guard_in_plain_sql_is_rolled_back() {
    let db = driver::open().await;
    observe();
    let mut conn = db.connect().await;
    driver::execute(&mut conn, "BEGIN").await.unwrap();
    driver::insert(&mut conn, 1).await.unwrap();
    let shared = Arc::new(Mutex::new(conn));
    store(&shared, 2, &Journal::default()).await.unwrap_err();
    // Nobody hears of it where a begin commits what is open, and so is sent behind a rollback.
    let is_told = dialect::AFTER_LEFT_BEHIND == [2];
    assert_eq!(leftovers(), usize::from(is_told));
    assert!(db.committed().await.is_empty());
}
