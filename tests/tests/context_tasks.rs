//! The open transaction belongs to one task, wherever that runs, and to nobody else.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::pin::pin;
use std::task::Poll;

use commit_on_success::{commit_on_success, defer, in_transaction, outside, pending, try_defer};
use commit_on_success_tests::polling::{complete, poll_once};
use commit_on_success_tests::scripted::{AppError, Connection, Database, pause};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

#[commit_on_success]
async fn noting(
    connection: &mut Connection,
    row: i64,
    pauses: usize,
    line: &'static str,
) -> Result<(), AppError> {
    for number in 0..pauses {
        assert!(in_transaction());
        assert_eq!(pending(), number);
        defer!(connection.database().clone().note(line));
        pause(1).await;
    }
    connection.insert(row)?;
    Ok(())
}

fn calls(database: &Database) -> Vec<String> {
    let mut log = database.log();
    log.retain(|line| line.starts_with("call"));
    log
}

#[test]
fn transactions_that_are_polled_in_turns_keep_their_calls_apart() {
    let (first, second) = (Database::new(), Database::new());
    let (mut one, mut two) = (first.connection(), second.connection());
    let both = complete(async {
        futures_util::future::join(
            noting(&mut one, 1, 3, "call of the first"),
            noting(&mut two, 2, 5, "call of the second"),
        )
        .await
    });
    both.0.unwrap();
    both.1.unwrap();
    assert_eq!(calls(&first), ["call of the first"; 3]);
    assert_eq!(calls(&second), ["call of the second"; 5]);
    assert!(!in_transaction());
}

#[test]
fn a_hundred_transactions_in_one_task_keep_their_calls_apart() {
    let databases: Vec<_> = (0..100).map(|_| Database::new()).collect();
    complete(async {
        let mut open: FuturesUnordered<_> = databases
            .iter()
            .enumerate()
            .map(|(index, database)| async move {
                noting(&mut database.connection(), 1, index % 7, "call").await
            })
            .collect();
        while let Some(result) = open.next().await {
            assert!(!in_transaction());
            result.unwrap();
        }
    });
    for (index, database) in databases.iter().enumerate() {
        assert_eq!(calls(database).len(), index % 7);
        assert_eq!(database.durable(), [1]);
    }
}

#[test]
fn the_loser_of_a_select_rolls_back_and_the_winner_commits() {
    let (first, second) = (Database::new(), Database::new());
    let (mut one, mut two) = (first.connection(), second.connection());
    complete(async {
        let slow = pin!(noting(&mut one, 1, 10, "call of the first"));
        let fast = pin!(noting(&mut two, 2, 2, "call of the second"));
        let futures_util::future::Either::Right((result, _slow)) =
            futures_util::future::select(slow, fast).await
        else {
            panic!("ten pauses were over before two")
        };
        result.unwrap();
    });
    assert_eq!(second.durable(), [2]);
    assert_eq!(calls(&second), ["call of the second"; 2]);
    assert_eq!(first.durable(), [0_i64; 0]);
    assert!(calls(&first).is_empty());
}

#[commit_on_success]
async fn around(connection: &mut Connection, inside: &mut Connection) -> Result<(), AppError> {
    let database = connection.database().clone();
    defer!(database.clone().note("call 1"));
    noting(inside, 2, 1, "call of the other").await?;
    assert_eq!(pending(), 1);
    defer!(database.note("call 2"));
    connection.insert(1)?;
    Err(AppError::Body("no"))
}

#[test]
fn a_transaction_on_another_connection_is_independent_of_the_one_around_it() {
    let (first, second) = (Database::new(), Database::new());
    let result = complete(around(&mut first.connection(), &mut second.connection()));
    result.unwrap_err();
    assert_eq!(first.durable(), [0_i64; 0]);
    assert!(calls(&first).is_empty());
    assert_eq!(second.durable(), [2]);
    assert_eq!(calls(&second), ["call of the other"]);
}

#[test]
fn a_transaction_follows_its_future_from_thread_to_thread() {
    let database = Database::new();
    let moved = database.clone();
    let mut future = Box::pin(async move { noting(&mut moved.connection(), 1, 20, "call").await });
    for _ in 0..20 {
        let thread = std::thread::spawn(move || {
            assert!(poll_once(future.as_mut()).is_pending());
            assert!(!in_transaction());
            assert_eq!(pending(), 0);
            future
        });
        future = thread.join().unwrap();
        assert!(!in_transaction());
    }
    let Poll::Ready(result) = poll_once(future.as_mut()) else {
        panic!("still pending")
    };
    result.unwrap();
    assert_eq!(calls(&database).len(), 20);
}

#[commit_on_success]
async fn spawning(connection: &mut Connection) -> Result<(), AppError> {
    let database = connection.database().clone();
    let copy = database.clone();
    let task = tokio::spawn(async move {
        assert!(!in_transaction());
        try_defer!(copy.clone().note("lost")).unwrap_err();
        defer!(copy.note("call at once"));
    });
    task.await.unwrap();
    assert_eq!(calls(&database), ["call at once"]);

    let blocking = tokio::task::spawn_blocking(in_transaction);
    assert!(!blocking.await.unwrap());
    let thread = std::thread::spawn(in_transaction);
    assert!(!thread.join().unwrap());
    assert!(in_transaction());
    connection.insert(1)?;
    Ok(())
}

#[tokio::test]
async fn what_a_body_spawns_is_outside_of_its_transaction() {
    let database = Database::new();
    spawning(&mut database.connection()).await.unwrap();
    assert_eq!(database.durable(), [1]);
}

#[commit_on_success]
async fn deferring_elsewhere(connection: &mut Connection) -> Result<(), AppError> {
    let database = connection.database().clone();
    connection.insert(1)?;
    let copy = database.clone();
    let task = tokio::spawn(async move { defer!(copy.note("call of a task")) });
    task.await.unwrap();
    let copy = database.clone();
    let blocking = tokio::task::spawn_blocking(move || defer!(copy.note("call of a thread")));
    blocking.await.unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| defer!(database.clone().note("call of a scoped thread")));
    });
    assert_eq!(pending(), 0);
    Err(AppError::Body("no"))
}

#[tokio::test]
async fn a_call_deferred_by_another_task_or_thread_runs_although_the_body_fails() {
    let database = Database::new();
    let failed = deferring_elsewhere(&mut database.connection()).await;
    failed.unwrap_err();
    let expected = [
        "call of a task",
        "call of a thread",
        "call of a scoped thread",
    ];
    assert_eq!(calls(&database), expected);
    assert_eq!(database.log().last().unwrap(), "rollback");
    assert!(database.durable().is_empty());
}

#[commit_on_success]
async fn waiting(
    connection: &mut Connection,
    shared: impl Future<Output = ()> + Send,
    fails: bool,
) -> Result<(), AppError> {
    shared.await;
    connection.insert(1)?;
    if fails {
        return Err(AppError::Body("no"));
    }
    Ok(())
}

// The first body polls it until it is pending, the second polls it to its end.
#[test]
fn a_future_that_two_bodies_share_defers_in_the_one_that_polls_it() {
    for first_fails in [false, true] {
        let (first, second) = (Database::new(), Database::new());
        let copy = first.clone();
        let shared = async move {
            defer!(copy.clone().note("call of the first poll"));
            pause(1).await;
            defer!(copy.note("call of the last poll"));
        };
        let shared = futures_util::FutureExt::shared(shared);
        let (mut one, mut two) = (first.connection(), second.connection());
        let (one, two) = complete(futures_util::future::join(
            waiting(&mut one, shared.clone(), first_fails),
            waiting(&mut two, shared, !first_fails),
        ));
        assert_eq!([one.is_err(), two.is_err()], [first_fails, !first_fails]);
        let expected = if first_fails {
            "call of the last poll"
        } else {
            "call of the first poll"
        };
        assert_eq!(calls(&first), [expected]);
    }
}

// They are polled between the polls of a body, on the same thread.
#[tokio::test]
async fn local_tasks_are_outside_of_the_transactions_of_others() {
    let database = Database::new();
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let copy = database.clone();
            let transaction = tokio::task::spawn_local(async move {
                noting(&mut copy.connection(), 1, 5, "call").await
            });
            for _ in 0..5 {
                tokio::task::spawn_local(async { assert!(!in_transaction()) })
                    .await
                    .unwrap();
            }
            transaction.await.unwrap().unwrap();
        })
        .await;
    assert_eq!(calls(&database).len(), 5);
}

#[test]
fn transactions_on_many_threads_of_a_runtime_keep_their_calls_apart() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap();
    let databases: Vec<_> = (0..200).map(|_| Database::new()).collect();
    runtime.block_on(async {
        let tasks: Vec<_> = databases
            .iter()
            .cloned()
            .map(|database| {
                tokio::spawn(async move {
                    noting(&mut database.connection(), 1, 20, "call")
                        .await
                        .unwrap();
                    assert!(!in_transaction());
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    for database in databases {
        assert_eq!(calls(&database).len(), 20);
    }
}

#[commit_on_success]
fn with_a_runtime_inside(connection: &mut Connection, other: Database) -> Result<(), AppError> {
    defer!(connection.database().clone().note("call 1"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let copy = other.clone();
        let spawned = tokio::spawn(async move {
            // On the very thread of the body.
            noting(&mut copy.connection(), 1, 2, "call of the task").await
        });
        spawned.await.unwrap().unwrap();
    });
    assert_eq!(pending(), 1);
    assert_eq!(calls(&other), ["call of the task"; 2]);
    connection.insert(1)?;
    Ok(())
}

#[test]
fn a_runtime_inside_a_body_has_transactions_of_its_own() {
    let (first, second) = (Database::new(), Database::new());
    with_a_runtime_inside(&mut first.connection(), second.clone()).unwrap();
    assert_eq!(calls(&first), ["call 1"]);
    assert_eq!(second.durable(), [1]);
}

#[commit_on_success]
fn drives(
    connection: &mut Connection,
    runtime: &Runtime,
    task: JoinHandle<()>,
) -> Result<(), AppError> {
    runtime.block_on(async {
        assert!(in_transaction());
        task.await.unwrap();
        outside::scope_async(async { assert!(!in_transaction()) }).await;
        outside::scope(|| assert!(!in_transaction()));
    });
    assert_eq!(pending(), 0);
    connection.insert(1)?;
    Err(AppError::Body("no"))
}

// It was spawned long before, and happens to be polled while the body waits for something else.
#[test]
fn a_task_that_a_sync_body_polls_is_outside_of_its_transaction() {
    let database = Database::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let copy = database.clone();
    let task = runtime.spawn(async move {
        assert!(!in_transaction());
        defer!(copy.note("call of the task"));
    });
    drives(&mut database.connection(), &runtime, task).unwrap_err();
    assert_eq!(calls(&database), ["call of the task"]);
    assert_eq!(database.log().last().unwrap(), "rollback");
}

#[test]
fn a_runtime_that_ends_rolls_back_what_runs_on_it() {
    let database = Database::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let copy = database.clone();
        drop(tokio::spawn(async move {
            noting(&mut copy.connection(), 1, usize::MAX, "call").await
        }));
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
    });
    assert!(database.left_open());
    drop(runtime);
    assert!(!database.left_open(), "{database:?}");
    assert_eq!(database.durable(), [0_i64; 0]);
    assert!(calls(&database).is_empty());
}

#[tokio::test]
async fn an_aborted_task_rolls_back() {
    let database = Database::new();
    let copy = database.clone();
    let task =
        tokio::spawn(async move { noting(&mut copy.connection(), 1, usize::MAX, "call").await });
    tokio::task::yield_now().await;
    assert!(database.left_open());
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(!database.left_open(), "{database:?}");
    assert!(calls(&database).is_empty());
}

/// Runs a transaction in its destructor, which is when the thread ends.
struct AtExit(Database);

impl Drop for AtExit {
    fn drop(&mut self) {
        assert!(!in_transaction());
        complete(noting(&mut self.0.connection(), 1, 2, "call at exit")).unwrap();
        defer!(self.0.clone().note("call outside"));
    }
}

std::thread_local! {
    static AT_EXIT: std::cell::RefCell<Option<AtExit>> = const { std::cell::RefCell::new(None) };
}

#[test]
fn a_transaction_can_run_while_its_thread_ends() {
    let database = Database::new();
    let copy = database.clone();
    let thread = std::thread::spawn(move || {
        AT_EXIT.set(Some(AtExit(copy.clone())));
        complete(noting(&mut copy.connection(), 2, 1, "call")).unwrap();
    });
    thread.join().unwrap();
    // The destructors of a thread may still run when it has been joined.
    while database.count("call outside") == 0 {
        std::thread::yield_now();
    }
    assert_eq!(database.durable(), [2, 1]);
    assert_eq!(
        calls(&database),
        ["call", "call at exit", "call at exit", "call outside"]
    );
}
