//! Transactions of tests, on the scripted driver, where every statement can be seen.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use commit_on_success::testing::{AsyncTestTransaction, TestTransaction};
use commit_on_success::{Error, commit_on_success, defer};
use commit_on_success_tests::polling::{complete, drop_after};
use commit_on_success_tests::scripted::{Answer, AppError, Connection, Database, Step};

#[commit_on_success]
fn store(connection: &mut Connection, row: i64) -> Result<(), AppError> {
    connection.insert(row)?;
    defer!(connection.database().clone().note("call"));
    Ok(())
}

#[commit_on_success]
async fn store_later(connection: &mut Connection, row: i64) -> Result<(), AppError> {
    connection.insert_later(row).await?;
    defer!(connection.database().clone().note("call"));
    Ok(())
}

/// What was sent, but for the search for a connection.
fn sent(database: &Database) -> Vec<String> {
    let mut log = database.log();
    log.retain(|line| line != "acquire");
    log
}

/// A macro, as the type of the transaction cannot be named: a function inside was dropped while it waited.
macro_rules! dropped_inside {
    ($connection:ident) => {{
        let begun = AsyncTestTransaction::begin(&mut $connection);
        let mut test = complete(begun).unwrap();
        // Two pauses in each of acquire and savepoint, and then one before the row and one after it.
        assert!(drop_after(store_later(test.connection(), 1), 6).is_none());
        test
    }};
}

const DROPPED: [&str; 4] = ["begin", "savepoint 0", "insert 1", "abandon nested"];

#[test]
fn what_a_dropped_future_has_done_is_undone_when_the_next_function_begins() {
    let database = Database::new().pausing(1);
    let mut connection = database.connection();
    let mut test = dropped_inside!(connection);
    assert_eq!(sent(&database), DROPPED);
    complete(store_later(test.connection(), 2)).unwrap();
    complete(store_later(test.connection(), 3)).unwrap();
    let log = sent(&database);
    assert_eq!(log[..4], DROPPED);
    assert_eq!(
        log[4..],
        [
            "rollback to 0",
            "savepoint 0",
            "insert 2",
            "release 0",
            "call",
            "savepoint 0",
            "insert 3",
            "release 0",
            "call",
        ]
    );
}

#[test]
fn what_a_dropped_future_has_done_is_undone_once_when_it_is_asked_for() {
    let database = Database::new().pausing(1);
    let mut connection = database.connection();
    let mut test = dropped_inside!(connection);
    complete(test.settle()).unwrap();
    complete(test.settle()).unwrap();
    assert_eq!(sent(&database)[4..], ["rollback to 0"]);
    complete(test.rollback()).unwrap();
    assert!(database.durable().is_empty());
}

#[test]
fn what_cannot_be_undone_is_an_error_and_no_function_begins_on_top_of_it() {
    for (answer, says) in [
        (Answer::Failed, "the script says Failed to RollbackTo"),
        (Answer::Ended, "the test's transaction has ended"),
    ] {
        let database = Database::new().pausing(1).on(Step::RollbackTo, answer);
        let mut connection = database.connection();
        let mut test = dropped_inside!(connection);
        let error = complete(test.settle()).unwrap_err();
        let Error::Rollback { source, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(source.to_string(), says);

        let database = Database::new().pausing(1).on(Step::RollbackTo, answer);
        let mut connection = database.connection();
        let mut test = dropped_inside!(connection);
        let error = complete(store_later(test.connection(), 2)).unwrap_err();
        let AppError::Transaction(Error::NestedBegin { source, .. }) = &error else {
            panic!("{error:?}")
        };
        assert_eq!(source.to_string(), says);
        assert_eq!(database.count("insert 2"), 0);
    }
}

/// The transaction of somebody else, in which a call would never run.
fn assert_not_owned(database: &Database) {
    let error = store(&mut database.connection(), 1).unwrap_err();
    let AppError::Transaction(Error::NotOwned { pending, .. }) = error else {
        panic!("{error:?}")
    };
    assert_eq!(pending, 1);
    assert_eq!(database.count("call"), 0);
}

#[test]
fn a_transaction_of_somebody_else_is_not_taken_for_that_of_a_test_elsewhere() {
    let (tested, other) = (Database::new(), Database::new());
    let mut connection = tested.connection();
    let mut test = TestTransaction::begin(&mut connection).unwrap();
    other.raw_begin();
    assert_not_owned(&other);
    store(test.connection(), 1).unwrap();
    assert_eq!(tested.count("call"), 1);
}

#[test]
fn a_transaction_of_somebody_else_is_not_taken_for_that_of_a_test_that_is_over() {
    let database = Database::new();
    let mut connection = database.connection();
    drop(TestTransaction::begin(&mut connection).unwrap());
    database.raw_begin();
    assert_not_owned(&database);
}
