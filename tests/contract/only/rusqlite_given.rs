//! Connections of rusqlite that are given to a block by value: when they are back, and whose a transaction is that is
//! open on them from the start.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, RwLock};

use commit_on_success::{Begin, Owned, Session, commit_on_success, defer};
use commit_on_success_tests::errors::assert_not_owned;
use rusqlite::Connection;

use crate::driver::{self, Pool};
use crate::ends::{leftovers, listen};
use crate::support::{Failure, Journal};

type Shared = Arc<Mutex<Connection>>;

const LEAVE_OPEN: &str = "BEGIN; INSERT INTO item (id) VALUES (66)";

/// Waits for the connection where it is not free.
fn note_rows(conn: &Shared, journal: &Journal) -> Result<(), Failure> {
    journal.note(format!("{:?}", driver::rows(&conn.lock().unwrap())?));
    Ok(())
}

#[commit_on_success(tx = Owned(shared.lock().unwrap()))]
fn store_guarded(shared: &Shared, journal: &Journal) -> Result<(), Failure> {
    driver::insert(tx, 1)?;
    let (theirs, journal) = (Arc::clone(shared), journal.clone());
    defer!(move || note_rows(&theirs, &journal));
    Ok(())
}

#[test]
fn a_mutex_is_free_again_when_a_deferred_call_locks_it() {
    let db = driver::open();
    let (shared, journal) = (Arc::new(Mutex::new(db.connect())), Journal::default());
    store_guarded(&shared, &journal).unwrap();
    assert_eq!(journal.entries(), ["[1]"]);
}

#[test]
fn a_pool_of_one_has_its_owned_connection_back_when_calls_run() {
    #[commit_on_success(tx = Owned(pool.get()?))]
    fn stores(pool: &Pool, journal: &Journal) -> anyhow::Result<()> {
        let conn: &mut Connection = tx;
        driver::insert(conn, 1)?;
        let (theirs, journal) = (pool.clone(), journal.clone());
        defer!(move || journal.note(format!("{:?}", driver::rows(&driver::take(&theirs)))));
        Ok(())
    }

    let db = driver::open();
    let (pool, journal) = (db.pool(1), Journal::default());
    stores(&pool, &journal).unwrap();
    assert_eq!(journal.entries(), ["Ok([1])"]);
}

#[test]
fn an_owned_guard_and_the_connection_behind_it_nest() {
    #[commit_on_success]
    fn inner(conn: &Connection, id: i64) -> Result<(), Failure> {
        driver::insert(conn, id)?;
        if id % 2 == 0 {
            Err(Failure::body("even"))
        } else {
            Ok(())
        }
    }

    #[commit_on_success(tx = Owned(shared.lock().unwrap()))]
    fn outer(shared: &Shared) -> Result<(), Failure> {
        inner(tx, 1)?;
        inner(tx, 2).unwrap_err();
        inner(tx, 3)
    }

    let db = driver::open();
    outer(&Arc::new(Mutex::new(db.connect()))).unwrap();
    assert_eq!(db.committed(), [1, 3]);
}

#[test]
fn what_was_left_open_behind_an_owned_guard_is_rolled_back_and_observers_are_told() {
    let db = driver::open();
    let (shared, journal) = (Arc::new(Mutex::new(db.connect())), Journal::default());
    shared.lock().unwrap().execute_batch(LEAVE_OPEN).unwrap();
    listen();
    store_guarded(&shared, &journal).unwrap();
    assert_eq!(leftovers(), 1);
    assert_eq!(journal.entries(), ["[1]"]);
    assert_eq!(db.committed(), [1]);
}

#[test]
fn what_was_left_open_in_a_pool_is_rolled_back_and_observers_are_told() {
    #[commit_on_success(tx = driver::take(pool))]
    fn stores(pool: &Pool) -> Result<(), Failure> {
        Ok(driver::insert(tx, 1)?)
    }

    let db = driver::open();
    let pool = db.pool(1);
    driver::take(&pool).execute_batch(LEAVE_OPEN).unwrap();
    listen();
    stores(&pool).unwrap();
    assert_eq!(leftovers(), 1);
    assert_eq!(db.committed(), [1]);
    stores(&db.pool(1)).unwrap_err();
    assert_eq!(leftovers(), 0);
}

#[test]
fn what_is_open_on_a_box_would_be_lost_with_it_so_observers_are_told() {
    #[commit_on_success]
    fn stores(conn: Box<Connection>) -> Result<(), Failure> {
        Ok(driver::insert(conn, 1)?)
    }

    let db = driver::open();
    let conn = Box::new(db.connect());
    conn.execute_batch(LEAVE_OPEN).unwrap();
    listen();
    stores(conn).unwrap();
    assert_eq!(leftovers(), 1);
    assert_eq!(db.committed(), [1]);
}

#[test]
fn a_transaction_behind_a_lock_belongs_to_whoever_has_begun_it() {
    #[commit_on_success(tx = mutex.lock().unwrap())]
    fn by_mutex(mutex: &Mutex<Connection>, id: i64) -> Result<(), Failure> {
        Ok(driver::insert(tx, id)?)
    }

    #[commit_on_success(tx = lock.write().unwrap())]
    fn by_lock(lock: &RwLock<Connection>, id: i64) -> Result<(), Failure> {
        Ok(driver::insert(tx, id)?)
    }

    #[commit_on_success(tx = cell.borrow_mut())]
    fn by_cell(cell: &RefCell<Connection>, id: i64) -> Result<(), Failure> {
        Ok(driver::insert(tx, id)?)
    }

    let db = driver::open();
    listen();
    let conn = db.connect();
    conn.execute_batch("BEGIN").unwrap();
    let mutex = Mutex::new(conn);
    by_mutex(&mutex, 1).unwrap();
    let lock = RwLock::new(mutex.into_inner().unwrap());
    by_lock(&lock, 2).unwrap();
    let cell = RefCell::new(lock.into_inner().unwrap());
    by_cell(&cell, 3).unwrap();
    assert!(db.committed().is_empty());
    cell.into_inner().execute_batch("COMMIT").unwrap();
    assert_eq!(leftovers(), 0);
    assert_eq!(db.committed(), [1, 2, 3]);
}

#[test]
fn a_call_deferred_in_a_transaction_behind_a_lock_is_refused() {
    #[commit_on_success(tx = shared.lock().unwrap())]
    fn stores(shared: &Shared, journal: &Journal) -> Result<(), Failure> {
        driver::insert(tx, 1)?;
        defer!(journal.clone().note("never"));
        Ok(())
    }

    let db = driver::open();
    let (shared, journal) = (Arc::new(Mutex::new(db.connect())), Journal::default());
    shared.lock().unwrap().execute_batch("BEGIN").unwrap();
    let error = stores(&shared, &journal).unwrap_err().into_transaction();
    assert_not_owned(&error, 1);
    assert_eq!(journal.owners(), 1);
    let conn = shared.lock().unwrap();
    assert!(!conn.is_autocommit());
    conn.execute_batch("COMMIT").unwrap();
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

#[test]
fn the_type_of_a_source_tells_whose_the_connection_is() {
    let db = driver::open();
    let pool = db.pool(1);
    let (mut conn, mutex) = (db.connect(), Mutex::new(db.connect()));
    macro_rules! told {
        ($source:expr) => {
            told(&Begin::acquire_session($source).unwrap())
        };
    }
    assert_eq!(told!(&conn), [false, false, false, false]);
    assert_eq!(told!(&mut conn), [false, false, false, true]);
    assert_eq!(
        told!(&mut Box::new(db.connect())),
        [false, false, false, true]
    );
    assert_eq!(told!(&Box::new(db.connect())), [false, false, false, false]);
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
    assert_eq!(told!(Owned(driver::take(&pool))), [true, true, false, true]);
    assert_eq!(told!(Box::new(db.connect())), [true, true, true, true]);
}
