//! Those who are told of stored jobs: after the commit, and of nothing that was rolled back.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, MutexGuard, PoisonError};

use commit_on_success::jobs::{Job, Listener, on_stored};
use commit_on_success::testing::TestTransaction;
use commit_on_success::{Error, commit_on_success, defer, enqueue, outside, pending};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Mail;

impl Job for Mail {
    const KIND: &'static str = "mail";
}

#[derive(Serialize, Deserialize)]
struct Index;

impl Job for Index {
    const KIND: &'static str = "index";
    const QUEUE: &'static str = "slow";
}

/// Listeners are of the whole process: one test at a time has them.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen() -> (Listener, Receiver<String>) {
    let (tell, told) = mpsc::channel();
    let listener = on_stored(move |queue| tell.send(queue.to_owned()).unwrap());
    (listener, told)
}

fn connection() -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    let columns = "id INTEGER PRIMARY KEY, args, kind, max_attempts, priority, queue, created_at, scheduled_at, state";
    conn.execute_batch(&format!("CREATE TABLE river_job ({columns})"))
        .unwrap();
    conn
}

fn told(told: &Receiver<String>) -> Vec<String> {
    told.try_iter().collect()
}

#[commit_on_success]
fn stores(conn: &mut Connection, succeeds: bool) -> Result<(), Error> {
    enqueue!(conn, Mail)?;
    enqueue!(conn, Mail)?;
    enqueue!(conn, Index)?;
    assert_eq!(pending(), 0, "nothing of it is a deferred call");
    if succeeds {
        Ok(())
    } else {
        Err(commit_on_success::set_rollback().unwrap_err())
    }
}

#[test]
fn listeners_are_told_of_each_queue_after_the_commit() {
    let _alone = alone();
    let (listener, received) = listen();
    stores(&mut connection(), true).unwrap();
    assert_eq!(told(&received), ["default", "slow"]);
    drop(listener);
    stores(&mut connection(), true).unwrap();
    assert!(received.recv().is_err(), "nobody tells any more");
}

#[commit_on_success]
fn rolls_back(conn: &mut Connection) -> Result<(), Error> {
    enqueue!(conn, Mail)?;
    commit_on_success::set_rollback()
}

#[commit_on_success]
fn nests(conn: &mut Connection, received: &Receiver<String>) -> Result<(), Error> {
    rolls_back(conn)?;
    stores(conn, true)?;
    assert_eq!(told(received), [""; 0]);
    Ok(())
}

#[test]
fn nobody_is_told_of_what_was_rolled_back_or_may_still_be() {
    let _alone = alone();
    let (_listener, received) = listen();
    rolls_back(&mut connection()).unwrap();
    assert_eq!(told(&received), [""; 0]);
    nests(&mut connection(), &received).unwrap();
    assert_eq!(told(&received), ["default", "slow"]);
}

#[commit_on_success]
fn defers_between(conn: &mut Connection) -> Result<(), Error> {
    enqueue!(conn, Mail)?;
    defer!(println!("in between"));
    enqueue!(conn, Mail)?;
    Ok(())
}

#[test]
fn jobs_are_told_of_in_their_turn_among_deferred_calls() {
    let _alone = alone();
    let (_listener, received) = listen();
    defers_between(&mut connection()).unwrap();
    assert_eq!(told(&received), ["default", "default"]);
}

#[test]
fn a_transaction_that_was_opened_by_hand_keeps_its_jobs() {
    let _alone = alone();
    let (_listener, received) = listen();
    let mut conn = connection();
    conn.execute_batch("BEGIN").unwrap();
    // A deferred call would be lost here, and is refused. A job is not.
    stores(&mut conn, true).unwrap();
    conn.execute_batch("COMMIT").unwrap();
    assert_eq!(told(&received), [""; 0]);
    let stored = "SELECT count(*) FROM river_job";
    assert_eq!(
        conn.query_row(stored, [], |row| row.get::<_, i64>(0))
            .unwrap(),
        3
    );
}

#[test]
fn what_a_block_in_a_test_has_stored_is_told_where_its_deferred_calls_run() {
    let _alone = alone();
    let (_listener, received) = listen();
    let mut conn = connection();
    let mut test = TestTransaction::begin(&mut conn).unwrap();
    stores(test.connection(), true).unwrap();
    assert_eq!(told(&received), ["default", "slow"]);
    test.rollback().unwrap();
}

#[test]
fn outside_of_any_block_the_policy_decides() {
    let _alone = alone();
    let (_listener, received) = listen();
    let conn = connection();
    enqueue!(conn, Mail).unwrap();
    assert_eq!(told(&received), ["default"]);
    outside::set(outside::Refuse);
    let refused = enqueue!(conn, Mail).unwrap_err();
    outside::set(outside::Run);
    assert_eq!(
        refused.kind(),
        commit_on_success::ErrorKind::NotInTransaction
    );
    assert_eq!(told(&received), [""; 0]);
    let stored = "SELECT count(*) FROM river_job";
    assert_eq!(
        conn.query_row(stored, [], |row| row.get::<_, i64>(0))
            .unwrap(),
        1
    );
}
