//! A begin that is refused again and again, or for good.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::time::Duration;

use commit_on_success::{ErrorKind, commit_on_success};
use commit_on_success_tests::polling::complete;
use commit_on_success_tests::scripted::{Answer, AppError, Connection, Database, Step};
use commit_on_success_tests::transient::Contended;

#[commit_on_success(attempts = 3, backoff = Duration::ZERO)]
fn uncontended(connection: &mut Connection) -> Result<(), AppError> {
    Ok(connection.insert(1)?)
}

#[commit_on_success(attempts = 3, backoff = Duration::ZERO)]
async fn uncontended_later(connection: &mut Connection) -> Result<(), AppError> {
    Ok(connection.insert(1)?)
}

#[commit_on_success(tx = Contended(connection), attempts = 3, backoff = Duration::ZERO)]
fn contended(connection: &mut Connection) -> Result<(), AppError> {
    Ok(tx.insert(1)?)
}

#[commit_on_success(tx = Contended(connection), attempts = 3, backoff = Duration::ZERO)]
async fn contended_later(connection: &mut Connection) -> Result<(), AppError> {
    Ok(tx.insert(1)?)
}

/// How often it had begun when it gave up.
fn begins(failures: usize, run: impl FnOnce(&mut Connection) -> Result<(), AppError>) -> usize {
    let mut database = Database::new();
    for _ in 0..failures {
        database = database.on(Step::Begin, Answer::Failed);
    }
    let ended = run(&mut database.connection());
    let refused =
        matches!(&ended, Err(AppError::Transaction(error)) if error.kind() == ErrorKind::Begin);
    assert!(refused, "{ended:?}, {database:?}");
    assert!(database.durable().is_empty());
    assert!(!database.left_open());
    database.count("begin")
}

#[test]
fn a_begin_that_fails_for_good_is_no_reason_for_another_attempt() {
    assert_eq!(begins(1, uncontended), 1);
    let later = |connection: &mut Connection| complete(uncontended_later(connection));
    assert_eq!(begins(1, later), 1);
}

#[test]
fn a_begin_that_is_always_refused_because_of_others_is_given_up() {
    assert_eq!(begins(3, contended), 3);
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let later = |connection: &mut Connection| {
        // The pause between two attempts needs somebody to wake its future.
        runtime.unwrap().block_on(contended_later(connection))
    };
    assert_eq!(begins(3, later), 3);
}
