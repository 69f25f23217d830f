//! Transactions of tests, on the scripted driver, where every statement can be seen.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use commit_on_success::testing::{AsyncTestTransaction, TestTransaction, TransactionEnded};
use commit_on_success::{ErrorKind, Outcome, commit_on_success, defer};
use commit_on_success_tests::errors::{assert_not_owned, source_of};
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

/// The statements that were sent, without the search for a connection.
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
        // Two pauses in each of acquire, savepoint, release and savepoint, and then one before the row and one after it.
        assert!(drop_after(store_later(test.connection(), 1), 10).is_none());
        test
    }};
}

/// The savepoint of a test, by which it knows its transaction again.
const MARK: &str = "savepoint 65535";

/// The savepoint of a block is created twice, because the release in between says whether a transaction is there.
const OPENED: [&str; 3] = ["savepoint 0", "release 0", "savepoint 0"];

const CLOSED: [&str; 3] = ["check", "release 0", "call"];

/// The log of a test in which a function was dropped.
fn dropped() -> Vec<&'static str> {
    [
        &["begin", MARK][..],
        &OPENED,
        &["insert 1", "abandon nested"],
    ]
    .concat()
}

#[test]
fn what_a_dropped_future_has_done_is_undone_when_the_next_function_begins() {
    let database = Database::new().pausing(1);
    let mut connection = database.connection();
    let mut test = dropped_inside!(connection);
    assert_eq!(sent(&database), dropped());
    complete(store_later(test.connection(), 2)).unwrap();
    complete(store_later(test.connection(), 3)).unwrap();
    let undone = ["rollback to 0"];
    let stored = |insert| [&OPENED[..], &[insert], &CLOSED].concat();
    let all = [
        dropped(),
        undone.to_vec(),
        stored("insert 2"),
        stored("insert 3"),
    ];
    assert_eq!(sent(&database), all.concat());
}

#[test]
fn what_a_dropped_future_has_done_is_undone_once_when_it_is_asked_for() {
    let database = Database::new().pausing(1);
    let mut connection = database.connection();
    let mut test = dropped_inside!(connection);
    complete(test.settle()).unwrap();
    complete(test.settle()).unwrap();
    assert_eq!(sent(&database)[dropped().len()..], ["rollback to 0"]);
    complete(test.rollback()).unwrap();
    let ends = ["rollback to 0", "rollback to 65535", "rollback"];
    assert_eq!(sent(&database)[dropped().len()..], ends);
    assert!(database.durable().is_empty());
}

#[test]
fn what_cannot_be_undone_is_an_error_and_no_function_begins_on_top_of_it() {
    let ended = TransactionEnded.to_string();
    for (answer, says) in [
        (Answer::Failed, "the script says Failed to RollbackTo"),
        (Answer::Ended, &*ended),
    ] {
        let database = Database::new().pausing(1).on(Step::RollbackTo, answer);
        let mut connection = database.connection();
        let mut test = dropped_inside!(connection);
        let error = complete(test.settle()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rollback, "{error:?}");
        let source = source_of(&error);
        assert_eq!(source.to_string(), says);
        assert_eq!(panics(|| drop(test)), answer == Answer::Ended);

        let database = Database::new().pausing(1).on(Step::RollbackTo, answer);
        let mut connection = database.connection();
        let mut test = dropped_inside!(connection);
        let error = complete(store_later(test.connection(), 2)).unwrap_err();
        let AppError::Transaction(error) = error else {
            panic!("{error:?}")
        };
        assert_eq!(error.kind(), ErrorKind::NestedBegin, "{error:?}");
        assert_eq!(source_of(&error).to_string(), says);
        assert_eq!(database.count("insert 2"), 0);
        assert_eq!(panics(|| drop(test)), answer == Answer::Ended);
    }
}

fn panics(f: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

#[test]
fn a_begin_that_fails_half_way_is_ended_and_is_no_test() {
    for (step, answer, rollbacks) in [
        (Step::Begin, Answer::Failed, 0),
        (Step::Begin, Answer::HalfDone, 1),
        (Step::Savepoint, Answer::Failed, 1),
    ] {
        let database = Database::new().on(step, answer);
        let mut connection = database.connection();
        let error = TestTransaction::begin(&mut connection).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
        assert_eq!(database.count("rollback"), rollbacks, "{step:?} {answer:?}");
        TestTransaction::begin(&mut connection)
            .unwrap()
            .rollback()
            .unwrap();
    }
}

#[test]
fn a_drop_whose_rollback_fails_does_not_panic_and_gives_the_connection_up() {
    let database = Database::new().on(Step::Rollback, Answer::Failed);
    let mut connection = database.connection();
    drop(TestTransaction::begin(&mut connection).unwrap());
    assert!(database.discarded());
}

#[test]
fn a_drop_after_the_end_of_the_transaction_lets_the_panic_of_the_test_go_on() {
    let database = Database::new();
    let mut connection = database.connection();
    let run = || {
        let _test = TestTransaction::begin(&mut connection).unwrap();
        database.raw_rollback();
        resume_unwind(Box::new("of the test"));
    };
    let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"of the test"));
}

#[test]
fn what_a_commit_would_refuse_is_refused_at_the_end_of_a_function_inside() {
    for answer in [Answer::Refused, Answer::Aborted] {
        let database = Database::new().on(Step::Check, answer);
        let mut connection = database.connection();
        let mut test = TestTransaction::begin(&mut connection).unwrap();
        let error = store(test.connection(), 1).unwrap_err();
        let AppError::Transaction(error) = error else {
            panic!("{error:?}")
        };
        match answer {
            Answer::Refused => assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}"),
            _ => assert_eq!(error.kind(), ErrorKind::Aborted, "{error:?}"),
        }
        assert_eq!(error.outcome(), Outcome::RolledBack);
        let end = ["insert 1", "check", "rollback to 0"];
        assert_eq!(sent(&database)[5..], end);
        store(test.connection(), 2).unwrap();
        assert_eq!(database.count("call"), 1);
        test.rollback().unwrap();
    }
}

#[test]
fn what_a_commit_would_refuse_is_refused_at_the_end_of_an_async_function_inside() {
    let database = Database::new().on(Step::Check, Answer::Refused);
    let mut connection = database.connection();
    let mut test = complete(AsyncTestTransaction::begin(&mut connection)).unwrap();
    let error = complete(store_later(test.connection(), 1)).unwrap_err();
    assert!(
        matches!(&error, AppError::Transaction(error) if error.kind() == ErrorKind::Commit),
        "{error:?}"
    );
    assert_eq!(sent(&database)[5..], ["insert 1", "check", "rollback to 0"]);
    complete(store_later(test.connection(), 2)).unwrap();
    assert_eq!(database.count("call"), 1);
    complete(test.rollback()).unwrap();
}

#[test]
fn nothing_is_checked_outside_of_a_test() {
    let database = Database::new();
    store(&mut database.connection(), 1).unwrap();
    assert_eq!(database.count("check"), 0);
}

/// The transaction of somebody else, in which a call would never run.
fn assert_refused(database: &Database) {
    let error = store(&mut database.connection(), 1).unwrap_err();
    let AppError::Transaction(error) = error else {
        panic!("{error:?}")
    };
    assert_not_owned(&error, 1);
    assert_eq!(database.count("call"), 0);
}

#[test]
fn a_transaction_of_somebody_else_is_not_taken_for_that_of_a_test_elsewhere() {
    let (tested, other) = (Database::new(), Database::new());
    let mut connection = tested.connection();
    let mut test = TestTransaction::begin(&mut connection).unwrap();
    other.raw_begin();
    assert_refused(&other);
    store(test.connection(), 1).unwrap();
    assert_eq!(tested.count("call"), 1);
}

#[test]
fn a_transaction_of_somebody_else_is_not_taken_for_that_of_a_test_that_is_over() {
    let database = Database::new();
    let mut connection = database.connection();
    drop(TestTransaction::begin(&mut connection).unwrap());
    database.raw_begin();
    assert_refused(&database);
}
