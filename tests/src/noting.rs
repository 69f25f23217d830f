//! A transaction that notes in its database's log what becomes of it.

use commit_on_success::signals::{RolledBack, post_rollback};
use commit_on_success::{commit_on_success, defer, in_transaction, pending};

use crate::scripted::{AppError, Connection, Database, pause};

/// Has a rollback of the open transaction noted in the log.
///
/// # Panics
///
/// Outside of any transaction.
pub fn note_rollback(database: &Database) {
    let database = database.clone();
    let connected = post_rollback().connect(move |event: &RolledBack| {
        assert!(!in_transaction());
        database.note(&format!("call {:?}", event.cause));
    });
    assert!(connected.is_ok(), "not in a transaction");
}

/// Pauses in the outer block and in a nested one, each of which defers a call.
#[commit_on_success]
async fn noting(connection: &mut Connection, pauses: usize) -> Result<(), AppError> {
    let database = connection.database().clone();
    note_rollback(&database);
    defer!(database.note("call 1"));
    pause(pauses).await;
    assert_eq!(pending(), 1);
    noting_inside(connection, pauses).await?;
    assert_eq!(pending(), 2);
    connection.insert(1)?;
    Ok(())
}

#[commit_on_success]
async fn noting_inside(connection: &mut Connection, pauses: usize) -> Result<(), AppError> {
    defer!(connection.database().clone().note_later("call 2").await);
    pause(pauses).await;
    assert_eq!(pending(), 2);
    connection.insert(2)?;
    Ok(())
}

/// Runs the transaction on a connection of its own.
///
/// # Errors
///
/// When the script says so.
pub async fn noted(database: Database, pauses: usize) -> Result<(), AppError> {
    noting(&mut database.connection(), pauses).await
}

/// What has run.
#[must_use]
pub fn calls(database: &Database) -> Vec<String> {
    let mut log = database.log();
    log.retain(|line| line.starts_with("call"));
    log
}

/// All of it is stored and called.
///
/// # Panics
///
/// When it is not so.
pub fn assert_committed(database: &Database) {
    assert_eq!(database.durable(), [2, 1], "{database:?}");
    assert_eq!(calls(database), ["call 1", "call 2"]);
    assert!(!database.left_open());
}

/// Nothing is stored, and the handler of the rollback was told why.
///
/// # Panics
///
/// When it is not so.
pub fn assert_cancelled(database: &Database) {
    assert!(database.durable().is_empty(), "{database:?}");
    assert_eq!(calls(database), ["call Cancelled"]);
    assert!(!database.left_open());
}
