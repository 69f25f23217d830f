//! Connections of tokio-postgres and deadpool-postgres that are given away with the guard that leads to them, and
//! transactions of the driver inside of blocks.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use commit_on_success::{AsyncBegin, Owned, Session, commit_on_success, defer};
use commit_on_success_tests::errors::assert_not_owned;
use commit_on_success_tests::pg::AppError;
use deadpool_postgres::Object;
use tokio::sync::Mutex;
use tokio_postgres::Client;

use crate::dialect::Begun;
use crate::driver::{self, Connection, Pool};
use crate::ends::{heard, leftovers, listen, write_down};
use crate::support::{Failure, Journal};

type Shared = Arc<Mutex<Connection>>;

const LEAVE_OPEN: &str = "BEGIN; INSERT INTO item (id) VALUES (66)";

/// Waits for the connection where it is not free.
async fn note_rows(conn: Shared, journal: Journal) -> Result<(), AppError> {
    let rows = driver::rows(&mut *conn.lock().await).await?;
    journal.note(format!("{rows:?}"));
    Ok(())
}

#[commit_on_success(tx = Owned(shared.lock().await))]
async fn store_guarded(shared: &Shared, journal: &Journal) -> Result<(), AppError> {
    let conn: &mut Connection = tx;
    driver::insert(conn, 1).await?;
    defer!(note_rows(Arc::clone(shared), journal.clone()).await);
    Ok(())
}

#[crate::driver::test]
async fn a_mutex_is_free_again_when_a_deferred_call_locks_it() {
    let db = driver::open().await;
    let conn = db.connect().await;
    let (shared, journal) = (Arc::new(Mutex::new(conn)), Journal::default());
    let storing = store_guarded(&shared, &journal);
    let stored = tokio::time::timeout(Duration::from_secs(20), storing).await;
    stored.expect("the mutex is free").unwrap();
    assert_eq!(journal.entries(), ["[1]"]);
}

/// A pool that gives what dereferences to the client itself.
struct Taken(Object);

impl Deref for Taken {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}

impl DerefMut for Taken {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.0
    }
}

#[crate::driver::test]
async fn a_pool_of_one_has_its_owned_connection_back_when_calls_run() {
    async fn note_rows(pool: Pool, journal: Journal) -> Result<(), AppError> {
        let rows = driver::rows(&mut driver::take(&pool).await).await?;
        journal.note(format!("{rows:?}"));
        Ok(())
    }

    #[commit_on_success(tx = Owned(Taken(driver::take(pool).await)))]
    async fn stores_on_client(pool: &Pool, journal: &Journal) -> Result<(), AppError> {
        let client: &mut Client = tx;
        driver::insert(client, 1).await?;
        defer!(note_rows(pool.clone(), journal.clone()).await);
        Ok(())
    }

    #[commit_on_success(tx = Owned(Box::new(driver::take(pool).await)))]
    async fn stores_on_object(pool: &Pool, journal: &Journal) -> Result<(), AppError> {
        let object: &mut Object = tx;
        driver::insert(object, 2).await?;
        defer!(note_rows(pool.clone(), journal.clone()).await);
        Ok(())
    }

    let db = driver::open().await;
    let (pool, journal) = (db.pool(1).await, Journal::default());
    stores_on_client(&pool, &journal).await.unwrap();
    stores_on_object(&pool, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["[1]", "[1, 2]"]);
}

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64) -> Result<(), AppError> {
    driver::insert(conn, id).await?;
    if id % 2 == 0 {
        Err(AppError::Own("even"))
    } else {
        Ok(())
    }
}

#[crate::driver::test]
async fn an_owned_guard_and_the_connection_behind_it_nest() {
    #[commit_on_success(tx = Owned(shared.lock().await))]
    async fn outer(shared: &Shared) -> Result<(), AppError> {
        store(tx, 1).await?;
        store(tx, 2).await.unwrap_err();
        store(tx, 3).await
    }

    let db = driver::open().await;
    outer(&Arc::new(Mutex::new(db.connect().await)))
        .await
        .unwrap();
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn what_was_left_open_behind_an_owned_guard_is_rolled_back_and_observers_are_told() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    driver::execute(&mut conn, LEAVE_OPEN).await.unwrap();
    let (shared, journal) = (Arc::new(Mutex::new(conn)), Journal::default());
    listen();
    store_guarded(&shared, &journal).await.unwrap();
    assert_eq!(leftovers(), 1);
    assert_eq!(journal.entries(), ["[1]"]);
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn a_future_that_is_dropped_on_an_owned_guard_leaves_nothing_open() {
    #[commit_on_success(tx = Owned(shared.lock().await))]
    async fn hangs(shared: &Shared) -> Result<(), AppError> {
        driver::insert(tx, 1).await?;
        std::future::pending().await
    }

    let db = driver::open().await;
    let shared = Arc::new(Mutex::new(db.connect().await));
    let limit = Duration::from_millis(50);
    let hung = tokio::time::timeout(limit, hangs(&shared)).await;
    assert!(hung.is_err());
    listen();
    store_guarded(&shared, &Journal::default()).await.unwrap();
    assert_eq!(leftovers(), 0);
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn what_was_left_open_in_a_pool_is_rolled_back_and_observers_are_told() {
    #[commit_on_success(tx = pool)]
    async fn stores(pool: &Pool, id: i64) -> Result<(), AppError> {
        Ok(driver::insert(tx, id).await?)
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let mut conn = driver::take(&pool).await;
    driver::execute(&mut conn, LEAVE_OPEN).await.unwrap();
    drop(conn);
    listen();
    stores(&pool, 1).await.unwrap();
    assert_eq!(leftovers(), 1);
    stores(&pool, 2).await.unwrap();
    assert_eq!(leftovers(), 0);
    assert_eq!(db.committed().await, [1, 2]);
}

/// Whether a connection is released before calls run, has leftovers rolled back, is closed when it is given up, and is
/// not to be shared.
fn told(session: &impl Session) -> [bool; 4] {
    [
        session.owns_connection(),
        session.clears_leftovers(),
        session.closes_connection(),
        session.is_exclusive(),
    ]
}

#[crate::driver::test]
async fn the_type_of_a_source_tells_whose_the_connection_is() {
    let db = driver::open().await;
    let (pool, mut conn) = (db.pool(2).await, db.connect().await);
    macro_rules! told {
        ($source:expr) => {
            told(&AsyncBegin::acquire_session($source).await.unwrap())
        };
    }
    assert_eq!(told!(&mut conn), [false, false, false, true]);
    let mut by_hand = driver::begin_by_hand(&mut conn).await;
    assert_eq!(told!(&mut by_hand), [false, false, false, true]);
    drop(by_hand);
    assert_eq!(told!(Owned(Box::new(conn))), [true, true, false, true]);
    assert_eq!(told!(&pool), [true, true, true, true]);
    assert_eq!(told!(driver::take(&pool).await), [true, true, true, true]);
}

#[commit_on_success]
async fn store_in(conn: &mut Begun<'_>, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    write_down(journal)?;
    defer!(journal.clone().note("called"));
    Ok(())
}

#[crate::driver::test]
async fn a_block_on_a_savepoint_of_the_driver_inside_of_a_block_cannot_defer() {
    #[commit_on_success]
    async fn stores(conn: &mut Begun<'_>, id: i64) -> Result<(), AppError> {
        Ok(driver::insert(conn, id).await?)
    }

    #[commit_on_success]
    async fn outer(conn: &mut Begun<'_>, journal: &Journal) -> Result<(), AppError> {
        let mut savepoint = conn.transaction().await?;
        let refused = store_in(&mut savepoint, 1, journal).await;
        let error = refused.unwrap_err().into_transaction();
        assert_not_owned(&error, 2);
        assert_eq!(journal.entries(), ["rolled back: CommitFailed"]);
        stores(&mut savepoint, 2).await?;
        savepoint.rollback().await?;
        stores(conn, 3).await
    }

    let db = driver::open().await;
    let (mut conn, journal) = (db.connect().await, Journal::default());
    let mut by_hand = driver::begin_by_hand(&mut conn).await;
    outer(&mut by_hand, &journal).await.unwrap();
    driver::commit_by_hand(by_hand).await;
    assert_eq!(journal.entries(), ["rolled back: CommitFailed"]);
    assert_eq!(db.committed().await, [3]);
}

#[crate::driver::test]
async fn a_block_that_is_cancelled_in_a_transaction_of_the_driver_is_undone_and_everybody_says_so()
{
    #[commit_on_success]
    async fn hangs(conn: &mut Begun<'_>, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 2).await?;
        write_down(journal)?;
        std::future::pending().await
    }

    let db = driver::open().await;
    listen();
    let (mut conn, journal) = (db.connect().await, Journal::default());
    let mut by_hand = driver::begin_by_hand(&mut conn).await;
    driver::insert(&mut by_hand, 1).await.unwrap();
    let limit = Duration::from_millis(50);
    let hung = tokio::time::timeout(limit, hangs(&mut by_hand, &journal)).await;
    assert!(hung.is_err());
    assert_eq!(heard(), ["rolled back: Cancelled"]);
    assert_eq!(journal.entries(), ["rolled back: Cancelled"]);
    driver::commit_by_hand(by_hand).await;
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn an_inner_block_that_panics_and_is_caught_is_rolled_back_alone() {
    #[commit_on_success]
    async fn panics(conn: &mut Connection) -> Result<(), AppError> {
        driver::insert(conn, 2).await?;
        std::panic::panic_any(7_u32);
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection) -> Result<(), AppError> {
        store(conn, 1).await?;
        let payload = driver::caught!(panics(conn)).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&7_u32));
        store(conn, 3).await
    }

    let db = driver::open().await;
    outer(&mut db.connect().await).await.unwrap();
    assert_eq!(db.committed().await, [1, 3]);
}
