//! Destructors that defer, connect or panic: of the locals of a body, and of calls that have run.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use commit_on_success::signals::{RolledBack, post_rollback};
use commit_on_success::{__private, commit_on_success, defer, in_transaction};
use commit_on_success_tests::polling::{complete, drop_after};
use commit_on_success_tests::scripted::{AppError, Connection, Database, Pool, pause};

/// Defers a call and connects a handler when it is dropped.
struct Deferring(Database);

impl Drop for Deferring {
    fn drop(&mut self) {
        self.0
            .note(&format!("in transaction: {}", in_transaction()));
        let (call, handler) = (self.0.clone(), self.0.clone());
        defer!(move || call.note("call of a local"));
        let connected = post_rollback().connect(move |event: &RolledBack| {
            handler.note(&format!("handler of a local, {:?}", event.cause));
        });
        drop(connected);
    }
}

#[derive(Clone, Copy, Debug)]
enum End {
    Ok,
    Err,
    Panic,
}

fn ended(end: End) -> Result<(), AppError> {
    match end {
        End::Ok => Ok(()),
        End::Err => Err(AppError::Body("body")),
        End::Panic => resume_unwind(Box::new("body")),
    }
}

#[commit_on_success(connection = pool)]
fn with_a_local(pool: &Pool, end: End) -> Result<(), AppError> {
    let _local = Deferring(connection.database().clone());
    connection.insert(1)?;
    ended(end)
}

#[commit_on_success(connection = pool)]
async fn with_a_local_later(pool: &Pool, end: End) -> Result<(), AppError> {
    let _local = Deferring(connection.database().clone());
    connection.insert(1)?;
    pause(1).await;
    ended(end)
}

/// The lines of the local, which was dropped inside of the block.
fn of_local(database: &Database) -> Vec<String> {
    let mut log = database.log();
    log.retain(|line| line.contains("of a local") || line.starts_with("in transaction"));
    assert_eq!(log.remove(0), "in transaction: true", "{database:?}");
    log
}

#[test]
fn what_a_destructor_in_a_body_defers_and_connects_belongs_to_the_block() {
    for end in [End::Ok, End::Err, End::Panic] {
        let expected = match end {
            End::Ok => "call of a local",
            End::Err => "handler of a local, Error",
            End::Panic => "handler of a local, Panic",
        };
        let database = Database::new();
        let run = || with_a_local(&database.pool(), end);
        drop(catch_unwind(AssertUnwindSafe(run)));
        assert_eq!(of_local(&database), [expected], "sync, {end:?}");

        let database = Database::new();
        let run = || complete(with_a_local_later(&database.pool(), end));
        drop(catch_unwind(AssertUnwindSafe(run)));
        assert_eq!(of_local(&database), [expected], "async, {end:?}");
    }
}

#[test]
fn what_a_destructor_defers_as_the_future_is_dropped_does_not_run() {
    let database = Database::new();
    let dropped = drop_after(with_a_local_later(&database.pool(), End::Ok), 1);
    assert!(dropped.is_none());
    assert!(database.durable().is_empty());
    let lines = of_local(&database);
    assert_eq!(lines, ["handler of a local, Cancelled"], "{database:?}");
}

#[commit_on_success]
async fn around_a_nested_one(connection: &mut Connection, joins: bool) -> Result<(), AppError> {
    connection.insert(1)?;
    if joins {
        joined(connection).await
    } else {
        nested(connection).await
    }
}

#[commit_on_success(propagation = required)]
async fn joined(connection: &mut Connection) -> Result<(), AppError> {
    let _local = Deferring(connection.database().clone());
    pause(1).await;
    Ok(())
}

#[commit_on_success]
async fn nested(connection: &mut Connection) -> Result<(), AppError> {
    let _local = Deferring(connection.database().clone());
    pause(1).await;
    Ok(())
}

#[test]
fn a_handler_of_an_inner_block_is_told_when_the_future_is_dropped() {
    for joins in [false, true] {
        let database = Database::new();
        let mut connection = database.connection();
        let dropped = drop_after(around_a_nested_one(&mut connection, joins), 1);
        assert!(dropped.is_none());
        let lines = of_local(&database);
        assert_eq!(lines, ["handler of a local, Cancelled"], "{database:?}");
    }
}

/// A future that is ready at once, and panics when it is dropped.
struct Brittle(Database);

impl Future for Brittle {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.0.note("call 1");
        Poll::Ready(())
    }
}

impl Drop for Brittle {
    fn drop(&mut self) {
        // Unwinds as a panic does, but without a message on standard error.
        resume_unwind(Box::new("brittle"));
    }
}

#[commit_on_success(connection = pool)]
async fn deferring_a_brittle_call(pool: &Pool) -> Result<(), AppError> {
    let database = connection.database().clone();
    connection.insert(1)?;
    // By itself: a call in `defer!` is awaited, and dropped, by a future around it.
    __private::defer_async(Brittle(database.clone())).await;
    defer!(database.clone().note("call 2"));
    defer!(database.note_later("call 3").await);
    Ok(())
}

#[test]
fn a_call_whose_future_panics_as_it_is_dropped_stops_no_other() {
    let database = Database::new();
    let run = || complete(deferring_a_brittle_call(&database.pool()));
    let panicked = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(panicked.downcast_ref(), Some(&"brittle"));
    assert_eq!(database.durable(), [1]);
    let mut calls = database.log();
    calls.retain(|line| line.starts_with("call"));
    assert_eq!(calls, ["call 1", "call 2", "call 3"]);
}
