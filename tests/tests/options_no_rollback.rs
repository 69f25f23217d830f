//! Errors after which the transaction commits all the same, on the scripted driver.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use commit_on_success::{Error, ErrorKind, commit_on_success, defer, transaction};
use commit_on_success_tests::polling::complete;
use commit_on_success_tests::scripted::{self, Answer, Database, Scripted, Step};

#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("wrong password")]
    WrongPassword,
    #[error("anything else")]
    Other,
    #[error("script: {0}")]
    Scripted(#[from] Scripted),
    #[error("transaction: {0}")]
    Transaction(#[from] Error),
}

impl AppError {
    fn is_counted(&self) -> bool {
        matches!(self, Self::WrongPassword)
    }
}

fn log_in(connection: &mut scripted::Connection, error: AppError) -> Result<(), AppError> {
    connection.insert(1)?;
    defer!(connection.database().clone().note("call"));
    Err(error)
}

#[commit_on_success(no_rollback_for = AppError::is_counted)]
fn counts(connection: &mut scripted::Connection, error: AppError) -> Result<(), AppError> {
    log_in(connection, error)
}

#[commit_on_success(no_rollback_for = AppError::is_counted, propagation = required)]
fn counts_joined(connection: &mut scripted::Connection, error: AppError) -> Result<(), AppError> {
    log_in(connection, error)
}

#[test]
fn a_counted_error_commits_and_is_returned_and_the_calls_run() {
    let database = Database::new();
    let error = counts(&mut database.connection(), AppError::WrongPassword).unwrap_err();
    assert!(matches!(error, AppError::WrongPassword), "{error:?}");
    assert_eq!(database.durable(), [1]);
    assert_eq!(
        database.log(),
        ["acquire", "begin", "insert 1", "commit", "call"]
    );
}

#[test]
fn any_other_error_rolls_back() {
    let database = Database::new();
    let error = counts(&mut database.connection(), AppError::Other).unwrap_err();
    assert!(matches!(error, AppError::Other), "{error:?}");
    assert!(database.durable().is_empty());
    assert_eq!(database.log(), ["acquire", "begin", "insert 1", "rollback"]);
}

#[test]
fn when_the_commit_after_a_counted_error_fails_the_caller_is_told_so() {
    let database = Database::new().on(Step::Commit, Answer::Refused);
    let error = counts(&mut database.connection(), AppError::WrongPassword).unwrap_err();
    assert!(
        matches!(&error, AppError::Transaction(error) if error.kind() == ErrorKind::Commit),
        "{error:?}"
    );
    assert!(database.durable().is_empty());
    assert_eq!(database.count("call"), 0);
}

#[test]
fn a_rollback_that_was_requested_before_a_counted_error_is_done() {
    #[commit_on_success(no_rollback_for = AppError::is_counted)]
    fn requests(connection: &mut scripted::Connection) -> Result<(), AppError> {
        commit_on_success::set_rollback().unwrap();
        log_in(connection, AppError::WrongPassword)
    }

    let database = Database::new();
    let error = requests(&mut database.connection()).unwrap_err();
    assert!(matches!(error, AppError::WrongPassword), "{error:?}");
    assert!(database.durable().is_empty());
    assert_eq!(database.count("call"), 0);
}

#[test]
fn a_counted_error_of_a_nested_or_joined_block_keeps_what_it_wrote() {
    type Block = fn(&mut scripted::Connection, AppError) -> Result<(), AppError>;

    #[commit_on_success]
    fn outer(connection: &mut scripted::Connection, inner: Block) -> Result<(), AppError> {
        let error = inner(connection, AppError::WrongPassword).unwrap_err();
        assert!(matches!(error, AppError::WrongPassword), "{error:?}");
        Ok(())
    }

    for inner in [counts as Block, counts_joined] {
        let database = Database::new();
        outer(&mut database.connection(), inner).unwrap();
        assert_eq!(database.durable(), [1]);
        assert_eq!(database.count("call"), 1);
    }
}

#[test]
fn the_outer_decides_for_itself() {
    #[commit_on_success]
    fn outer(connection: &mut scripted::Connection) -> Result<(), AppError> {
        counts(connection, AppError::WrongPassword)
    }

    let database = Database::new();
    let error = outer(&mut database.connection()).unwrap_err();
    assert!(matches!(error, AppError::WrongPassword), "{error:?}");
    assert!(database.durable().is_empty());
    assert_eq!(database.count("call"), 0);
}

#[test]
fn the_block_form_knows_the_option_as_well() {
    for (error, rows) in [(AppError::WrongPassword, 1), (AppError::Other, 0)] {
        let database = Database::new();
        let mut connection = database.connection();
        let result: Result<(), AppError> = transaction!(tx = &mut connection, no_rollback_for = AppError::is_counted => {
            log_in(tx, error)
        });
        assert!(result.is_err());
        assert_eq!(database.durable().len(), rows);
    }
}

#[commit_on_success(propagation = required)]
fn joined_and_failed(
    connection: &mut scripted::Connection,
    error: AppError,
) -> Result<(), AppError> {
    log_in(connection, error)
}

#[commit_on_success(propagation = required)]
async fn joined_and_failed_later(
    connection: &mut scripted::Connection,
    error: AppError,
) -> Result<(), AppError> {
    log_in(connection, error)
}

#[commit_on_success(no_rollback_for = AppError::is_counted)]
fn around(connection: &mut scripted::Connection) -> Result<(), AppError> {
    joined_and_failed(connection, AppError::WrongPassword)
}

#[commit_on_success(no_rollback_for = AppError::is_counted)]
async fn around_later(connection: &mut scripted::Connection) -> Result<(), AppError> {
    joined_and_failed_later(connection, AppError::WrongPassword).await
}

#[commit_on_success(no_rollback_for = AppError::is_counted)]
fn asks_for_a_rollback(connection: &mut scripted::Connection) -> Result<(), AppError> {
    commit_on_success::set_rollback().unwrap();
    log_in(connection, AppError::WrongPassword)
}

/// Rolled back, with the error of the body.
fn assert_not_counted(result: Result<(), AppError>, database: &Database) {
    let error = result.unwrap_err();
    assert!(matches!(error, AppError::WrongPassword), "{error:?}");
    assert!(database.durable().is_empty(), "{database:?}");
    assert_eq!(database.count("rollback"), 1, "{database:?}");
    assert_eq!(database.count("call"), 0, "{database:?}");
}

#[test]
fn a_counted_error_of_a_block_that_can_only_be_rolled_back_is_the_one_that_is_returned() {
    let database = Database::new();
    assert_not_counted(around(&mut database.connection()), &database);
    let database = Database::new();
    let ended = complete(around_later(&mut database.connection()));
    assert_not_counted(ended, &database);
    let database = Database::new();
    assert_not_counted(asks_for_a_rollback(&mut database.connection()), &database);
}
