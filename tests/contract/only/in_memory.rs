//! What the store in memory alone has: its own options, conflicts and sources.

use std::sync::{Arc, Mutex};

use commit_on_success::testing::TestTransaction;
use commit_on_success::{Error, ErrorKind, Outcome, commit_on_success, defer};
use commit_on_success_tests::errors::{function_of, source_of};

use crate::driver::{self, Connection, DriverError, Pool};
use crate::support::{Failure, Journal};

#[commit_on_success]
fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id)?;
    defer!(journal.clone().note(id.to_string()));
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

/// Writes, and lets somebody else commit before it does.
#[commit_on_success]
fn store_too_late(
    conn: &mut Connection,
    other: &mut Connection,
    journal: &Journal,
) -> Result<(), DriverError> {
    driver::insert(conn, 1)?;
    defer!(journal.clone().note("never"));
    driver::insert(other, 2)
}

#[test]
fn a_refused_commit_is_an_error_that_stores_nothing_and_runs_nothing() {
    #[commit_on_success]
    fn outer(
        conn: &mut Connection,
        other: &mut Connection,
        journal: &Journal,
    ) -> Result<(), Failure> {
        Ok(store_too_late(conn, other, journal)?)
    }

    let db = driver::open();
    let (mut conn, mut other) = (db.connect(), db.connect());
    let journal = Journal::default();
    let refused = outer(&mut conn, &mut other, &journal).unwrap_err();
    let error = refused.into_transaction();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    let (function, source) = (function_of(&error), source_of(&error));
    assert_eq!(function, "outer");
    assert!(matches!(source.downcast_ref(), Some(DriverError::Conflict)));
    assert_eq!(journal.owners(), 1);
    assert_eq!(db.committed(), [2]);
    store(&mut conn, 3, &journal).unwrap();
    assert_eq!(db.committed(), [2, 3]);
}

#[test]
fn a_function_that_returns_the_drivers_error_returns_the_original() {
    let db = driver::open();
    let (mut conn, mut other) = (db.connect(), db.connect());
    let error = store_too_late(&mut conn, &mut other, &Journal::default()).unwrap_err();
    assert!(matches!(error, DriverError::Conflict), "{error:?}");
}

#[test]
fn a_conflict_is_worth_another_attempt() {
    #[commit_on_success(attempts = 3)]
    fn competes(
        conn: &mut Connection,
        other: &mut Connection,
        journal: &Journal,
    ) -> Result<(), Failure> {
        driver::insert(conn, 1)?;
        defer!(journal.clone().note("stored"));
        // Only the first time.
        let _ = driver::insert(other, 2);
        Ok(())
    }

    let db = driver::open();
    let journal = Journal::default();
    competes(&mut db.connect(), &mut db.connect(), &journal).unwrap();
    assert_eq!(journal.entries(), ["stored"]);
    assert_eq!(db.committed(), [1, 2]);
}

#[test]
fn what_the_store_has_is_in_force_and_the_rest_is_refused_before_the_body() {
    #[commit_on_success(isolation = repeatable_read)]
    fn has(conn: &mut Connection, other: &mut Connection) -> Result<bool, Failure> {
        driver::insert(other, 1)?;
        Ok(driver::rows(conn)?.is_empty())
    }

    #[commit_on_success(isolation = serializable)]
    fn isolation(_conn: &mut Connection) -> Result<(), Error> {
        unreachable!("the store has no such level")
    }

    #[commit_on_success(read_only)]
    fn read_only(_conn: &mut Connection) -> Result<(), Error> {
        unreachable!("the store has no such transactions")
    }

    #[commit_on_success(mode = immediate)]
    fn mode(_conn: &mut Connection) -> Result<(), Error> {
        unreachable!("the store has no such transactions")
    }

    let db = driver::open();
    let mut conn = db.connect();
    for refused in [isolation, read_only, mode] {
        let error = refused(&mut conn).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
        let said = error.to_string();
        assert!(said.contains("which the store does not have"), "{said}");
        assert!(!conn.is_open());
    }
    // It has seen its snapshot, which nobody else has changed.
    assert!(matches!(&has(&mut conn, &mut db.connect()),
        Err(Failure::Transaction(error)) if error.kind() == ErrorKind::Commit));
}

#[test]
fn a_mutex_is_free_again_when_deferred_calls_run() {
    #[commit_on_success(tx = mutex.lock().unwrap())]
    fn stores(mutex: &Arc<Mutex<Connection>>, journal: &Journal) -> Result<(), Failure> {
        store(tx, 1, journal)?;
        let (theirs, journal) = (Arc::clone(mutex), journal.clone());
        defer!(move || {
            let rows = driver::rows(&theirs.try_lock().unwrap()).unwrap();
            journal.note(format!("{rows:?}"));
        });
        Ok(())
    }

    let db = driver::open();
    let mutex = Arc::new(Mutex::new(db.connect()));
    let journal = Journal::default();
    stores(&mutex, &journal).unwrap();
    assert_eq!(journal.entries(), ["1", "[1]"]);
}

#[test]
fn sources_of_every_form_lead_to_the_same_connection() {
    #[commit_on_success]
    fn pooled(conn: driver::Pooled, id: i64, journal: &Journal) -> Result<(), Failure> {
        store(conn, id, journal)
    }

    #[commit_on_success]
    fn lent(conn: &mut driver::Pooled, id: i64, journal: &Journal) -> Result<(), Failure> {
        store(conn, id, journal)
    }

    #[commit_on_success(tx = mutex.lock().unwrap())]
    fn guarded(mutex: &Mutex<Connection>, id: i64, journal: &Journal) -> Result<(), Failure> {
        store(tx, id, journal)
    }

    let db = driver::open();
    let (pool, mutex) = (db.pool(1), Mutex::new(db.connect()));
    for half in 0..2 {
        let journal = Journal::default();
        let ended = [
            pooled(driver::take(&pool), half, &journal).is_ok(),
            lent(&mut driver::take(&pool), 2 + half, &journal).is_ok(),
            guarded(&mutex, 4 + half, &journal).is_ok(),
        ];
        assert_eq!(ended, [half == 1; 3]);
        // Had it been another connection, the calls would not have waited for the outermost commit,
        // and the snapshots would be in conflict.
        assert_eq!(journal.entries().len(), if half == 1 { 3 } else { 0 });
    }
    assert_eq!(db.committed(), [1, 3, 5]);
}

#[test]
fn what_the_last_user_of_a_pool_left_open_is_not_taken_for_the_block() {
    #[commit_on_success(tx = driver::source(pool))]
    fn stores(pool: &Pool, journal: &Journal) -> Result<(), Failure> {
        store(tx, 1, journal)
    }

    let db = driver::open();
    let pool = db.pool(1);
    let journal = Journal::default();
    let mut left = driver::take(&pool);
    left.begin().unwrap();
    driver::insert(&mut left, 66).unwrap();
    drop(left);
    stores(&pool, &journal).unwrap();
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(db.committed(), [1]);
}

#[test]
fn a_savepoint_of_the_store_inside_a_body_takes_what_is_inside_with_it() {
    #[commit_on_success]
    fn plain(conn: &mut Connection, id: i64) -> Result<(), Failure> {
        Ok(driver::insert(conn, id)?)
    }

    #[commit_on_success]
    fn outer(conn: &mut Connection) -> Result<(), Failure> {
        conn.savepoint("mine")?;
        plain(conn, 1)?;
        conn.rollback_to("mine")?;
        plain(conn, 2)
    }

    let db = driver::open();
    outer(&mut db.connect()).unwrap();
    assert_eq!(db.committed(), [2]);
}

#[test]
fn functions_inside_a_tests_transaction_are_outermost_ones_and_nothing_is_kept() {
    let db = driver::open();
    let mut conn = db.connect();
    let journal = Journal::default();
    let mut test = TestTransaction::begin(&mut conn).unwrap();
    store(test.connection(), 1, &journal).unwrap();
    assert_eq!(journal.entries(), ["1"]);
    store(test.connection(), 2, &journal).unwrap_err();
    assert_eq!(driver::rows(test.connection()).unwrap(), [1]);
    test.rollback().unwrap();
    assert!(db.committed().is_empty());
    store(&mut conn, 3, &journal).unwrap();
    assert_eq!(db.committed(), [3]);
}
