//! The open transaction of a thread under nested runtimes, and of one task in the middle of others.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::pin::Pin;

use commit_on_success::{commit_on_success, defer, in_transaction, pending};
use commit_on_success_tests::noting::{assert_cancelled, assert_committed, calls, noted};
use commit_on_success_tests::polling::complete;
use commit_on_success_tests::scripted::{AppError, Connection, Database, pause};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::runtime::{Builder, Handle};

#[commit_on_success]
async fn blocking(connection: &mut Connection, other: &Database) -> Result<(), AppError> {
    let database = connection.database().clone();
    defer!(database.clone().note("call of the body"));
    let handle = Handle::current();
    tokio::task::block_in_place(|| {
        handle.block_on(async {
            // Still the body.
            assert_eq!(pending(), 1);
            defer!(database.note_later("call of the blocking part").await);
            noted(other.clone(), 3).await.unwrap();
            assert_committed(other);
            assert_eq!(pending(), 2);
            let spawned = tokio::spawn(async { in_transaction() });
            assert!(!spawned.await.unwrap());
        });
    });
    pause(1).await;
    assert_eq!(pending(), 2);
    connection.insert(7)?;
    Ok(())
}

#[test]
fn what_a_body_blocks_on_in_place_is_part_of_it() {
    let runtime = Builder::new_multi_thread().worker_threads(2).build();
    let (database, other) = (Database::new(), Database::new());
    let (copy, copy_of_other) = (database.clone(), other.clone());
    runtime.unwrap().block_on(async {
        let task = async move { blocking(&mut copy.connection(), &copy_of_other).await };
        tokio::spawn(task).await.unwrap().unwrap();
    });
    assert_eq!(database.durable(), [7]);
    let expected = ["call of the body", "call of the blocking part"];
    assert_eq!(calls(&database), expected);
    assert_committed(&other);
}

#[commit_on_success]
async fn leaving_it_to_a_thread(
    connection: &mut Connection,
    other: Database,
) -> Result<(), AppError> {
    let handle = Handle::current();
    let thread = tokio::task::spawn_blocking(move || {
        assert!(!in_transaction());
        // A runtime of its own, and then that of the body.
        let inside = Builder::new_current_thread().build().unwrap();
        inside.block_on(noted(other.clone(), 2)).unwrap();
        assert_committed(&other);
        handle.block_on(noted(other.clone(), 2)).unwrap();
        assert_eq!(other.durable(), [2, 1, 2, 1]);
        assert!(!in_transaction());
    });
    thread.await.unwrap();
    assert!(in_transaction());
    assert_eq!(pending(), 0);
    connection.insert(7)?;
    Ok(())
}

#[tokio::test]
async fn runtimes_on_the_threads_of_a_runtime_have_transactions_of_their_own() {
    let (database, other) = (Database::new(), Database::new());
    let mut connection = database.connection();
    let left = leaving_it_to_a_thread(&mut connection, other.clone());
    left.await.unwrap();
    assert_eq!(database.durable(), [7]);
    assert!(calls(&database).is_empty());
    assert_eq!(calls(&other).len(), 4);
}

/// A deferred call.
fn block_on_another(database: &Database, other: Database) {
    assert!(!in_transaction());
    // Where there is a runtime already, another one can only be entered out of its way.
    let noted = if let Ok(handle) = Handle::try_current() {
        tokio::task::block_in_place(|| handle.block_on(noted(other, 2)))
    } else {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(noted(other, 2))
    };
    noted.unwrap();
    assert!(!in_transaction());
    defer!(database.clone().note("call at once"));
}

#[commit_on_success]
fn deferring_blocking(connection: &mut Connection, other: &Database) -> Result<(), AppError> {
    let (database, other) = (connection.database().clone(), other.clone());
    let last = database.clone();
    defer!(move || block_on_another(&database, other));
    defer!(last.note("call after"));
    connection.insert(7)?;
    Ok(())
}

#[commit_on_success]
async fn deferring_blocking_later(
    connection: &mut Connection,
    other: &Database,
) -> Result<(), AppError> {
    let (database, other) = (connection.database().clone(), other.clone());
    let last = database.clone();
    defer!(async move { block_on_another(&database, other) });
    defer!(last.note("call after"));
    connection.insert(7)?;
    Ok(())
}

#[test]
fn a_call_can_block_on_a_transaction_of_its_own() {
    let (database, other) = (Database::new(), Database::new());
    deferring_blocking(&mut database.connection(), &other).unwrap();
    assert_committed(&other);
    assert_eq!(calls(&database), ["call at once", "call after"]);

    let (database, other) = (Database::new(), Database::new());
    let (copy, copy_of_other) = (database.clone(), other.clone());
    let runtime = Builder::new_multi_thread().worker_threads(2).build();
    runtime.unwrap().block_on(async {
        let task = async move {
            let mut connection = copy.connection();
            deferring_blocking_later(&mut connection, &copy_of_other).await
        };
        tokio::spawn(task).await.unwrap().unwrap();
    });
    assert_committed(&other);
    assert_eq!(calls(&database), ["call at once", "call after"]);
}

type Running<'r> =
    FuturesUnordered<Pin<Box<dyn Future<Output = Result<(), AppError>> + Send + 'r>>>;

/// Awaits them in turns with a block of its own, and gives one of them up.
#[commit_on_success]
async fn driving(
    connection: &mut Connection,
    running: &mut Running<'_>,
    loser: &Database,
) -> Result<(), AppError> {
    let mut ended = 0;
    tokio::select! {
        biased;
        _ = noted(loser.clone(), 100) => panic!("a hundred pauses were over before three"),
        () = pause(3) => {}
    }
    while let Some(result) = running.next().await {
        result?;
        assert_eq!(pending(), ended);
        defer!(connection.database().clone().note("call of the driver"));
        driving_inside(connection, running).await?;
        ended += 2;
    }
    connection.insert(7)?;
    Ok(())
}

#[commit_on_success]
async fn driving_inside(
    connection: &mut Connection,
    running: &mut Running<'_>,
) -> Result<(), AppError> {
    let before = pending();
    running.next().await.transpose()?;
    assert_eq!(pending(), before);
    defer!(connection.database().clone().note("call of the driver"));
    Ok(())
}

#[test]
fn transactions_that_are_polled_inside_of_others_keep_their_calls_apart() {
    let others: Vec<_> = (0..20).map(|_| Database::new()).collect();
    let (database, loser) = (Database::new(), Database::new());
    let mut running: Running<'_> = others
        .iter()
        .enumerate()
        .map(|(index, other)| Box::pin(noted(other.clone(), index)) as _)
        .collect();
    let mut connection = database.connection();
    complete(driving(&mut connection, &mut running, &loser)).unwrap();
    assert_eq!(database.durable(), [7]);
    assert_eq!(calls(&database), ["call of the driver"; 20]);
    others.iter().for_each(assert_committed);
    assert_cancelled(&loser);
}
