//! A future that is neither awaited nor dropped, so that nobody ever ends what it has begun; and a connection that the
//! body swaps for another.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::mem::forget;

use commit_on_success::{ErrorKind, commit_on_success, defer, in_transaction, pending};
use commit_on_success_tests::polling::{complete, poll_once};
use commit_on_success_tests::scripted::{AppError, Connection, Database, pause};

#[commit_on_success]
async fn waits(connection: &mut Connection, pauses: usize) -> Result<(), AppError> {
    connection.insert(1)?;
    defer!(connection.database().clone().note("call"));
    pause(pauses).await;
    Ok(())
}

/// Begins the transaction, and leaves it at that.
fn begin_and_forget(connection: &mut Connection) {
    let mut future = Box::pin(waits(connection, 1));
    assert!(poll_once(future.as_mut()).is_pending());
    forget(future);
    assert!(!in_transaction());
    assert_eq!(pending(), 0);
}

#[test]
fn a_block_on_the_connection_of_a_forgotten_one_is_refused_rather_than_lost() {
    let database = Database::new();
    let mut connection = database.connection();
    begin_and_forget(&mut connection);
    let error = complete(waits(&mut connection, 0)).unwrap_err();
    let refused =
        matches!(&error, AppError::Transaction(error) if error.kind() == ErrorKind::NotOwned);
    assert!(refused, "{error:?}");
    assert!(database.durable().is_empty(), "{database:?}");
    assert_eq!(database.count("call"), 0);
}

#[test]
fn what_is_on_another_connection_does_not_hear_of_a_forgotten_block() {
    let forgotten = Database::new();
    begin_and_forget(&mut forgotten.connection());
    let database = Database::new();
    complete(waits(&mut database.connection(), 1)).unwrap();
    assert_eq!(database.durable(), [1]);
    assert_eq!(database.count("call"), 1);
    assert_eq!(forgotten.count("call"), 0);
}

#[commit_on_success]
fn swaps(connection: &mut Connection, other: &mut Connection) -> Result<(), AppError> {
    connection.insert(1)?;
    defer!(connection.database().clone().note("call"));
    std::mem::swap(connection, other);
    Ok(())
}

// The block ends whatever is in the place that it has borrowed. Nothing tells it that this is another connection.
#[test]
fn a_connection_that_was_swapped_away_is_left_open_and_the_other_is_committed() {
    let (first, second) = (Database::new(), Database::new());
    let (mut one, mut two) = (first.connection(), second.connection());
    second.raw_begin();
    swaps(&mut one, &mut two).unwrap();
    assert_eq!(first.count("call"), 1);
    assert!(first.left_open());
    assert!(first.durable().is_empty());
    assert_eq!(second.count("commit"), 1);
}

#[test]
fn a_connection_swapped_for_an_idle_one_is_an_error() {
    let (first, second) = (Database::new(), Database::new());
    let (mut one, mut two) = (first.connection(), second.connection());
    let error = swaps(&mut one, &mut two).unwrap_err();
    assert!(matches!(error, AppError::Transaction(_)), "{error:?}");
    assert_eq!(first.count("call"), 0);
}
