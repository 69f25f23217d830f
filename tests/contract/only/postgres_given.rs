//! Connections of the sync postgres that are given to a block by value: when they are back, and whose a transaction is
//! that is open on them from the start.

use std::sync::{Arc, Mutex};

use commit_on_success::{Begin, ErrorKind, Owned, Session, commit_on_success, defer};
use commit_on_success_tests::errors::source_of;
use commit_on_success_tests::pg::AppError;
use postgres::Client;

use crate::driver::{self, Pool};
use crate::ends::{leftovers, listen};
use crate::support::Journal;

type Shared = Arc<Mutex<Client>>;

const LEAVE_OPEN: &str = "BEGIN; INSERT INTO item (id) VALUES (66)";

/// Waits for the connection where it is not free.
fn note_rows(conn: &Shared, journal: &Journal) -> Result<(), AppError> {
    let rows = driver::rows(&mut *conn.lock().unwrap())?;
    journal.note(format!("{rows:?}"));
    Ok(())
}

#[commit_on_success(tx = Owned(shared.lock().unwrap()))]
fn store_guarded(shared: &Shared, journal: &Journal) -> Result<(), AppError> {
    driver::insert(tx, 1)?;
    let (theirs, journal) = (Arc::clone(shared), journal.clone());
    defer!(move || note_rows(&theirs, &journal));
    Ok(())
}

#[crate::driver::test]
fn a_mutex_is_free_again_when_a_deferred_call_locks_it() {
    let db = driver::open();
    let (shared, journal) = (Arc::new(Mutex::new(db.connect())), Journal::default());
    store_guarded(&shared, &journal).unwrap();
    assert_eq!(journal.entries(), ["[1]"]);
}

#[crate::driver::test]
fn a_pool_of_one_has_its_owned_connection_back_when_calls_run() {
    #[commit_on_success(tx = Owned(driver::take(pool)))]
    fn stores(pool: &Pool, journal: &Journal) -> Result<(), AppError> {
        let conn: &mut Client = tx;
        driver::insert(conn, 1)?;
        let (theirs, journal) = (pool.clone(), journal.clone());
        defer!(move || {
            let rows = driver::rows(&mut driver::take(&theirs)).unwrap();
            journal.note(format!("{rows:?}"));
        });
        Ok(())
    }

    let db = driver::open();
    let (pool, journal) = (db.pool(1), Journal::default());
    stores(&pool, &journal).unwrap();
    assert_eq!(journal.entries(), ["[1]"]);
}

#[crate::driver::test]
fn an_owned_guard_and_the_connection_behind_it_nest() {
    #[commit_on_success]
    fn inner(conn: &mut Client, id: i64) -> Result<(), AppError> {
        driver::insert(conn, id)?;
        if id % 2 == 0 {
            Err(AppError::Own("even"))
        } else {
            Ok(())
        }
    }

    #[commit_on_success(tx = Owned(shared.lock().unwrap()))]
    fn outer(shared: &Shared) -> Result<(), AppError> {
        inner(tx, 1)?;
        inner(tx, 2).unwrap_err();
        inner(tx, 3)
    }

    let db = driver::open();
    outer(&Arc::new(Mutex::new(db.connect()))).unwrap();
    assert_eq!(db.committed(), [1, 3]);
}

#[crate::driver::test]
fn what_was_left_open_behind_an_owned_guard_is_rolled_back_and_observers_are_told() {
    let db = driver::open();
    let (shared, journal) = (Arc::new(Mutex::new(db.connect())), Journal::default());
    shared.lock().unwrap().batch_execute(LEAVE_OPEN).unwrap();
    listen();
    store_guarded(&shared, &journal).unwrap();
    assert_eq!(leftovers(), 1);
    assert_eq!(journal.entries(), ["[1]"]);
    assert_eq!(db.committed(), [1]);
}

#[commit_on_success(tx = driver::take(pool))]
fn store_in(pool: &Pool, id: i64) -> Result<(), AppError> {
    Ok(driver::insert(tx, id)?)
}

#[crate::driver::test]
fn what_was_left_open_in_a_pool_is_rolled_back_and_observers_are_told() {
    let db = driver::open();
    let pool = db.pool(1);
    driver::take(&pool).batch_execute(LEAVE_OPEN).unwrap();
    listen();
    store_in(&pool, 1).unwrap();
    assert_eq!(leftovers(), 1);
    store_in(&pool, 2).unwrap();
    assert_eq!(leftovers(), 0);
    assert_eq!(db.committed(), [1, 2]);
}

#[crate::driver::test]
fn what_is_open_on_a_box_would_be_lost_with_it_so_observers_are_told() {
    #[commit_on_success]
    fn stores(conn: Box<Client>) -> Result<(), AppError> {
        Ok(driver::insert(conn, 1)?)
    }

    let db = driver::open();
    let mut conn = Box::new(db.connect());
    conn.batch_execute(LEAVE_OPEN).unwrap();
    listen();
    stores(conn).unwrap();
    assert_eq!(leftovers(), 1);
    assert_eq!(db.committed(), [1]);
}

#[crate::driver::test]
fn a_transaction_behind_a_lock_stays_until_its_owner_ends_it() {
    #[commit_on_success(tx = shared.lock().unwrap())]
    fn stores(shared: &Shared, journal: &Journal) -> Result<(), AppError> {
        defer!(journal.clone().note("never"));
        Ok(driver::insert(tx, 1)?)
    }

    let db = driver::open();
    let (shared, journal) = (Arc::new(Mutex::new(db.connect())), Journal::default());
    shared.lock().unwrap().batch_execute(LEAVE_OPEN).unwrap();
    listen();
    let error = stores(&shared, &journal).unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
    let source = source_of(&error);
    assert_eq!(source.to_string(), "a transaction is open already");
    assert!(source.source().unwrap().is::<postgres::Error>());
    assert_eq!((leftovers(), journal.owners()), (0, 1));
    // If it was gone, this would be stored.
    let mut conn = shared.lock().unwrap();
    driver::insert(&mut *conn, 2).unwrap_err();
    driver::execute(&mut *conn, "ROLLBACK").unwrap();
    assert!(db.committed().is_empty());
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
fn the_type_of_a_source_tells_whose_the_connection_is() {
    let db = driver::open();
    let (pool, mutex) = (db.pool(1), Mutex::new(db.connect()));
    macro_rules! told {
        ($source:expr) => {
            told(&Begin::acquire_session($source).unwrap())
        };
    }
    let mut conn = db.connect();
    assert_eq!(told!(&mut conn), [false, false, false, true]);
    let mut by_hand = conn.transaction().unwrap();
    assert_eq!(told!(&mut by_hand), [false, false, false, true]);
    drop(by_hand);
    assert_eq!(told!(&mut Box::new(conn)), [false, false, false, true]);
    assert_eq!(told!(mutex.lock().unwrap()), [true, false, false, true]);
    assert_eq!(
        told!(&mut mutex.lock().unwrap()),
        [false, false, false, true]
    );
    assert_eq!(
        told!(Owned(mutex.lock().unwrap())),
        [true, true, false, true]
    );
    assert_eq!(told!(driver::take(&pool)), [true, true, false, true]);
    assert_eq!(told!(Box::new(db.connect())), [true, true, true, true]);
}
