// Connections of diesel and diesel-async that are given away with the guard that leads to them.

use std::cell::Cell;
use std::sync::{Arc, Once};

use commit_on_success::{ErrorKind, Observer, Outcome, Owned, commit_on_success, defer, events};

use crate::driver::{self, Connection, DriverError, Generic as _, Mutex, Pool};
use crate::support::{Failure, Journal};

type Shared = Arc<Mutex<Connection>>;

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

#[commit_on_success(tx = Owned(driver::lock(shared).await))]
async fn store_on(shared: &Shared, id: i64, journal: &Journal) -> Result<(), Failure> {
    defer!(count(Shared::clone(shared), journal.clone()).await);
    store(tx, id, journal).await
}

/// A deferred call that locks the mutex itself.
async fn count(shared: Shared, journal: Journal) -> Result<(), DriverError> {
    let mut conn = driver::lock(&shared).await;
    let rows = driver::rows(&mut conn).await?.len();
    journal.note(format!("rows: {rows}"));
    Ok(())
}

#[crate::driver::test]
async fn a_call_that_locks_the_mutex_of_its_connection_does_not_wait_for_itself() {
    let db = driver::open().await;
    let shared = Shared::new(Mutex::new(db.connect().await));
    let journal = Journal::default();
    store_on(&shared, 1, &journal).await.unwrap();
    store_on(&shared, 2, &journal).await.unwrap_err();
    store_on(&shared, 3, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["rows: 1", "1", "rows: 2", "3"]);
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn a_call_has_the_only_connection_of_a_pool_that_was_given_with_its_guard() {
    #[commit_on_success(tx = Owned(driver::take(pool).await))]
    async fn of_pool(pool: &Pool, id: i64, journal: &Journal) -> Result<(), Failure> {
        defer!(count_in(pool.clone(), journal.clone()).await);
        // The guard's own type is not to be seen.
        let conn: &mut Connection = tx;
        store(conn, id, journal).await
    }

    async fn count_in(pool: Pool, journal: Journal) -> Result<(), DriverError> {
        let mut conn = driver::take(&pool).await;
        let rows = driver::rows(&mut conn).await?.len();
        journal.note(format!("rows: {rows}"));
        Ok(())
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    of_pool(&pool, 1, &journal).await.unwrap();
    of_pool(&pool, 2, &journal).await.unwrap_err();
    of_pool(&pool, 3, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["rows: 1", "1", "rows: 2", "3"]);
    assert_eq!(db.committed().await, [1, 3]);
}

thread_local! {
    /// Observers are told on the thread of the test, which nobody else has.
    static TOLD: Cell<u32> = const { Cell::new(0) };
}

struct Counter;

impl Observer for Counter {
    fn leftover_rolled_back(&self, event: &events::LeftoverRolledBack) {
        let driver = event.driver;
        assert!(driver.starts_with("diesel"), "{driver}");
        TOLD.set(TOLD.get() + 1);
    }
}

fn count_leftovers() {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| commit_on_success::add_observer(Counter));
}

#[crate::driver::test]
async fn a_transaction_of_diesel_that_was_left_open_behind_a_guard_is_rolled_back_and_told() {
    let db = driver::open().await;
    count_leftovers();
    let mut conn = db.connect().await;
    driver::begin_and_forget(&mut conn).await;
    driver::insert(&mut conn, 8).await.unwrap();
    let shared = Shared::new(Mutex::new(conn));
    let journal = Journal::default();
    store_on(&shared, 1, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["rows: 1", "1"]);
    assert_eq!(db.committed().await, [1]);
    let mut conn = driver::lock(&shared).await;
    assert_eq!(driver::depth(&mut conn), None);
    assert_eq!(TOLD.get(), 1);
}

#[crate::driver::test]
async fn a_transaction_in_plain_sql_that_was_left_open_behind_a_guard_is_rolled_back() {
    let db = driver::open().await;
    count_leftovers();
    let mut conn = db.connect().await;
    driver::execute(&mut conn, "BEGIN").await.unwrap();
    driver::insert(&mut conn, 8).await.unwrap();
    let shared = Shared::new(Mutex::new(conn));
    let journal = Journal::default();
    store_on(&shared, 1, &journal).await.unwrap();
    store_on(&shared, 3, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["rows: 1", "1", "rows: 2", "3"]);
    assert_eq!(db.committed().await, [1, 3]);
    // On MySQL nobody hears whether there was something to roll back.
    assert_eq!(TOLD.get(), u32::from(driver::HEARS_OF_LEFTOVERS));
}

#[crate::driver::test]
async fn a_test_transaction_behind_a_guard_is_no_leftover() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    conn.begin_test_transaction().await.unwrap();
    let shared = Shared::new(Mutex::new(conn));
    let journal = Journal::default();
    store_on(&shared, 1, &journal).await.unwrap();
    store_on(&shared, 2, &journal).await.unwrap_err();
    store_on(&shared, 3, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["rows: 1", "1", "rows: 2", "3"]);
    drop(shared);
    assert!(db.committed().await.is_empty());
}

/// The connection lives on behind the guard, and nobody throws it away.
#[crate::driver::test]
async fn a_broken_connection_behind_a_guard_is_refused() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    driver::status_of(&mut conn).set_in_error();
    let shared = Shared::new(Mutex::new(conn));
    let journal = Journal::default();
    let error = store_on(&shared, 1, &journal).await.unwrap_err();
    let error = error.into_transaction();
    assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert!(db.committed().await.is_empty());
}
