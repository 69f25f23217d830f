//! Handles of rusqlite alone: what a block has of its pool.

use std::thread;
use std::time::Duration;

use commit_on_success::testing::TestTransaction;
use commit_on_success::{ErrorKind, Outcome, commit_on_success, defer};

use crate::ends::{leftovers, listen};
use crate::handle_driver::{self as driver, Connection, Database};
use crate::support::{Failure, Journal};

const ORPHAN: &str = "INSERT INTO child (item) VALUES (42)";

#[test]
fn what_was_left_open_in_a_pool_is_rolled_back_and_observers_are_told() {
    #[commit_on_success(tx = db)]
    fn stores(db: &Connection) -> Result<(), Failure> {
        Ok(driver::insert(db, 2)?)
    }

    let db = driver::open();
    let conn = db.connect();
    let left = "BEGIN; INSERT INTO item (id) VALUES (1)";
    conn.outside().unwrap().execute_batch(left).unwrap();
    listen();
    stores(&conn).unwrap();
    assert_eq!(leftovers(), 1);
    assert_eq!(db.committed(), [2]);
}

#[test]
fn an_immediate_transaction_keeps_others_from_writing() {
    #[commit_on_success(tx = db, mode = immediate)]
    fn is_alone(db: &Connection, of: &Database) -> Result<(), Failure> {
        let other = of.connect().outside().unwrap();
        other.busy_timeout(Duration::ZERO)?;
        other.execute_batch(ORPHAN).unwrap_err();
        Ok(driver::insert(db, 1)?)
    }

    let db = driver::open();
    is_alone(&db.connect(), &db).unwrap();
    assert_eq!(db.committed(), [1]);
}

/// Adds one to the only number that there is, by reading it first.
#[commit_on_success(tx = db, mode = deferred, attempts = 1000, backoff = Duration::from_millis(1))]
fn count_up(db: &Connection, journal: &Journal) -> Result<(), Failure> {
    let number = driver::rows(db)?[0];
    thread::yield_now();
    driver::execute(db, "DELETE FROM item")?;
    driver::insert(db, number + 1)?;
    defer!(journal.clone().note("counted"));
    Ok(())
}

#[test]
fn a_busy_file_is_worth_another_attempt_and_each_success_counts_once() {
    let db = driver::open();
    let (conn, journal) = (db.pool(3), Journal::default());
    driver::insert(&conn, 0).unwrap();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..8 {
                    count_up(&conn, &journal).unwrap();
                }
            });
        }
    });
    assert_eq!(db.committed(), [24]);
    assert_eq!(journal.entries().len(), 24);
}

#[test]
fn in_a_transaction_of_a_test_a_violated_constraint_is_refused_as_at_a_commit() {
    #[commit_on_success(tx = db)]
    fn store_orphan(db: &Connection, adopted: bool) -> Result<(), Failure> {
        driver::execute(db, ORPHAN)?;
        if adopted {
            driver::insert(db, 42)?;
        }
        Ok(())
    }

    let db = driver::open();
    let conn = db.connect();
    let test = TestTransaction::begin(&conn).unwrap();
    let refused = store_orphan(&conn, false).unwrap_err().into_transaction();
    assert_eq!(refused.kind(), ErrorKind::Commit, "{refused:?}");
    assert_eq!(refused.outcome(), Outcome::RolledBack);
    store_orphan(&conn, true).unwrap();
    test.rollback().unwrap();
    assert_eq!(db.committed(), [0; 0]);
}
