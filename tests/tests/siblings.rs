//! Two blocks at the same time on one connection, where it can be lent twice.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use commit_on_success::signals::{RolledBack, post_rollback};
use commit_on_success::{ErrorKind, Outcome, commit_on_success, defer};
use commit_on_success_tests::polling::{complete, drop_after, poll_once};
use commit_on_success_tests::scripted::{AppError, Connection, Database, Shared, pause};
use futures_util::future::{join, join_all};

fn register(connection: &Connection, id: i64) {
    let (call, handler) = (connection.database().clone(), connection.database().clone());
    defer!(move || call.note(&format!("call {id}")));
    let handler = move |event: &RolledBack| {
        handler.note(&format!("handler {id} {:?}", event.cause));
    };
    post_rollback().connect(handler).unwrap();
}

async fn store(connection: &mut Connection, id: i64) -> Result<(), AppError> {
    register(connection, id);
    connection.insert(id)?;
    pause(2).await;
    if id < 0 {
        return Err(AppError::Body("negative"));
    }
    Ok(())
}

#[commit_on_success(tx = shared)]
async fn nested(shared: &Shared, id: i64) -> Result<(), AppError> {
    store(tx, id).await
}

#[commit_on_success(tx = shared, propagation = required)]
async fn joined(shared: &Shared, id: i64) -> Result<(), AppError> {
    store(tx, id).await
}

#[commit_on_success(tx = shared)]
fn nested_at_once(shared: &Shared, id: i64) -> Result<(), AppError> {
    register(tx, id);
    Ok(tx.insert(id)?)
}

#[derive(Clone, Copy, Debug)]
enum How {
    Nested,
    Joined,
}

async fn inner(shared: &Shared, how: How, id: i64) -> Result<(), AppError> {
    match how {
        How::Nested => nested(shared, id).await,
        How::Joined => joined(shared, id).await,
    }
}

type Both = (Result<(), AppError>, Result<(), AppError>);

#[commit_on_success(tx = shared)]
async fn beside_each_other(
    shared: &Shared,
    first: (How, i64),
    second: (How, i64),
) -> Result<Both, AppError> {
    tx.insert(1)?;
    let first = inner(shared, first.0, first.1);
    let second = inner(shared, second.0, second.1);
    Ok(join(first, second).await)
}

#[track_caller]
fn assert_refused(result: Result<(), AppError>) {
    let Err(AppError::Transaction(error)) = result else {
        panic!("{result:?}");
    };
    assert_eq!(error.kind(), ErrorKind::Concurrent, "{error:?}");
    assert_eq!(error.outcome(), Outcome::RolledBack);
}

fn calls_and_handlers(database: &Database) -> Vec<String> {
    let mut log = database.log();
    log.retain(|line| line.starts_with("call") || line.starts_with("handler"));
    log
}

#[test]
fn a_second_block_beside_a_nested_one_is_refused_and_its_body_does_not_run() {
    for (first, second) in [
        (How::Nested, How::Nested),
        (How::Nested, How::Joined),
        (How::Joined, How::Nested),
    ] {
        let database = Database::new();
        let shared = database.shared();
        let both = complete(beside_each_other(&shared, (first, 2), (second, 3)));
        let (stored, refused) = both.unwrap();
        stored.unwrap();
        assert_refused(refused);
        assert_eq!(database.durable(), [1, 2], "{first:?} {second:?}");
        assert_eq!(calls_and_handlers(&database), ["call 2"]);
        assert_eq!(database.count("insert 3"), 0);
    }
}

#[test]
fn a_block_that_fails_beside_one_that_was_refused_takes_only_its_own_with_it() {
    let database = Database::new();
    let shared = database.shared();
    let both = beside_each_other(&shared, (How::Nested, -2), (How::Nested, 3));
    let (failed, refused) = complete(both).unwrap();
    assert!(
        matches!(failed, Err(AppError::Body("negative"))),
        "{failed:?}"
    );
    assert_refused(refused);
    assert_eq!(database.durable(), [1]);
    assert_eq!(calls_and_handlers(&database), ["handler -2 Error"]);
}

#[test]
fn blocks_that_join_may_run_beside_each_other() {
    let database = Database::new();
    let shared = database.shared();
    let both = beside_each_other(&shared, (How::Joined, 2), (How::Joined, 3));
    let (first, second) = complete(both).unwrap();
    first.unwrap();
    second.unwrap();
    assert_eq!(database.durable(), [1, 2, 3]);
    assert_eq!(calls_and_handlers(&database), ["call 2", "call 3"]);
}

#[test]
fn one_block_after_the_other_is_stored() {
    #[commit_on_success(tx = shared)]
    async fn in_turn(shared: &Shared) -> Result<(), AppError> {
        tx.insert(1)?;
        nested(shared, 2).await?;
        nested(shared, -3).await.unwrap_err();
        joined(shared, 4).await?;
        nested_at_once(shared, 5)
    }

    let database = Database::new();
    complete(in_turn(&database.shared())).unwrap();
    assert_eq!(database.durable(), [1, 2, 4, 5]);
    let expected = ["handler -3 Error", "call 2", "call 4", "call 5"];
    assert_eq!(calls_and_handlers(&database), expected);
}

#[test]
fn of_many_blocks_at_once_the_first_is_stored_and_all_others_are_refused() {
    #[commit_on_success(tx = shared)]
    async fn many(shared: &Shared) -> Result<Vec<Result<(), AppError>>, AppError> {
        tx.insert(1)?;
        Ok(join_all((2..12).map(|id| nested(shared, id))).await)
    }

    let database = Database::new();
    let mut results = complete(many(&database.shared())).unwrap();
    results.remove(0).unwrap();
    results.into_iter().for_each(assert_refused);
    assert_eq!(database.durable(), [1, 2]);
    assert_eq!(calls_and_handlers(&database), ["call 2"]);
}

#[test]
fn a_sync_block_beside_an_async_one_that_waits_is_refused() {
    #[commit_on_success(tx = shared)]
    async fn around(shared: &Shared) -> Result<Both, AppError> {
        tx.insert(1)?;
        let mut first = pin!(nested(shared, 2));
        assert!(poll_once(first.as_mut()).is_pending());
        let second = nested_at_once(shared, 3);
        Ok((first.await, second))
    }

    let database = Database::new();
    let (first, second) = complete(around(&database.shared())).unwrap();
    first.unwrap();
    assert_refused(second);
    assert_eq!(database.durable(), [1, 2]);
}

#[test]
fn a_second_block_in_a_transaction_opened_by_hand_is_refused_beside_an_open_one() {
    let database = Database::new();
    let shared = database.shared();
    database.raw_begin();
    let without_calls = |id| stored_only(&shared, id);
    let mut first = pin!(without_calls(2));
    assert!(poll_once(first.as_mut()).is_pending());
    assert_refused(complete(without_calls(3)));
    assert!(matches!(finish(first), Ok(())));
    complete(without_calls(4)).unwrap();
    database.raw_commit();
    assert_eq!(database.durable(), [2, 4]);
}

#[commit_on_success(tx = shared)]
async fn stored_only(shared: &Shared, id: i64) -> Result<(), AppError> {
    tx.insert(id)?;
    pause(2).await;
    Ok(())
}

fn finish<F: Future>(mut future: std::pin::Pin<&mut F>) -> F::Output {
    loop {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return output;
        }
    }
}

#[test]
fn a_block_that_is_dropped_in_a_transaction_opened_by_hand_makes_room_for_the_next() {
    let database = Database::new().undoing_nested();
    let shared = database.shared();
    database.raw_begin();
    assert!(drop_after(stored_only(&shared, 2), 1).is_none());
    complete(stored_only(&shared, 3)).unwrap();
    database.raw_commit();
    assert_eq!(database.durable(), [3]);
}
