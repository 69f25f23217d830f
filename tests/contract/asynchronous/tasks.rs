//! Many transactions at once, in tasks and in one.

use commit_on_success::{commit_on_success, defer, in_transaction, pending};
use futures_util::future::join_all;

use crate::driver::{self, Connection, Pool};
use crate::support::{Failure, Journal};

#[commit_on_success(tx = pool)]
async fn store(pool: &Pool, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(tx, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

#[commit_on_success]
async fn store_on(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

#[crate::driver::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_transactions_have_queues_of_their_own() {
    #[commit_on_success(tx = pool)]
    async fn store_two(pool: Pool, id: i64, mine: &Journal, all: Journal) -> Result<(), Failure> {
        defer!(mine.clone().note("first"));
        tokio::task::yield_now().await;
        driver::insert(tx, id).await?;
        assert_eq!(pending(), 1);
        tokio::task::yield_now().await;
        store_on(tx, id + 1000, mine).await?;
        assert_eq!(pending(), 2);
        tokio::task::yield_now().await;
        defer!(all.note(id.to_string()));
        if id % 5 == 0 {
            Err(Failure::body("every fifth"))
        } else {
            Ok(())
        }
    }

    let db = driver::open().await;
    let pool = db.pool(8).await;
    let all = Journal::default();
    let tasks = (0..50).map(|id| {
        let (pool, all) = (pool.clone(), all.clone());
        tokio::spawn(async move {
            let mine = Journal::default();
            let stored = store_two(pool, id, &mine, all).await;
            assert!(!in_transaction());
            assert_eq!(stored.is_err(), id % 5 == 0);
            let entries = mine.entries();
            if stored.is_ok() {
                assert_eq!(entries, ["first", &(id + 1000).to_string()]);
            } else {
                assert!(entries.is_empty());
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    let stored = (0..50).filter(|id| id % 5 != 0);
    let expected: Vec<i64> = stored
        .clone()
        .chain(stored.clone().map(|id| id + 1000))
        .collect();
    assert_eq!(db.committed().await, expected);
    let mut ran: Vec<i64> = all.entries().iter().map(|id| id.parse().unwrap()).collect();
    ran.sort_unstable();
    assert_eq!(ran, stored.collect::<Vec<_>>());
}

#[crate::driver::test]
async fn transactions_of_one_task_that_take_turns_have_queues_of_their_own() {
    #[commit_on_success(tx = pool)]
    async fn takes_turns(pool: &Pool, id: i64, journal: &Journal) -> Result<(), Failure> {
        for _ in 0..3 {
            driver::rows(tx).await?;
            defer!(journal.clone().note(id.to_string()));
            tokio::task::yield_now().await;
        }
        assert_eq!(pending(), 3);
        if id == 2 {
            Err(Failure::body("two"))
        } else {
            Ok(())
        }
    }

    let db = driver::open().await;
    let pool = db.pool(3).await;
    let journals: [Journal; 3] = Default::default();
    let (one, two, three) = tokio::join!(
        takes_turns(&pool, 1, &journals[0]),
        takes_turns(&pool, 2, &journals[1]),
        takes_turns(&pool, 3, &journals[2]),
    );
    one.unwrap();
    two.unwrap_err();
    three.unwrap();
    let entries = journals.map(|journal| journal.entries().concat());
    assert_eq!(entries, ["111", "", "333"]);
}

#[crate::driver::test]
async fn a_spawned_task_is_outside_and_its_call_runs_at_once() {
    #[commit_on_success(tx = pool)]
    async fn spawns(pool: &Pool, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("deferred by the body"));
        let theirs = journal.clone();
        let task = tokio::spawn(async move {
            assert!(!in_transaction());
            defer!(theirs.clone().note("deferred by the task"));
            assert_eq!(theirs.entries(), ["deferred by the task"]);
        });
        task.await.unwrap();
        driver::rows(tx).await?;
        assert_eq!(pending(), 1);
        Ok(())
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    spawns(&pool, &journal).await.unwrap();
    assert_eq!(
        journal.entries(),
        ["deferred by the task", "deferred by the body"]
    );
}

#[crate::driver::test]
async fn a_blocking_thread_is_outside() {
    #[commit_on_success(tx = pool)]
    async fn blocks(pool: &Pool) -> Result<bool, Failure> {
        driver::rows(tx).await?;
        Ok(tokio::task::spawn_blocking(in_transaction).await.unwrap())
    }

    let db = driver::open().await;
    assert!(!blocks(&db.pool(1).await).await.unwrap());
}

#[crate::driver::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_annotated_function_can_be_spawned() {
    let db = driver::open().await;
    let (pool, journal) = (db.pool(2).await, Journal::default());
    let theirs = (pool.clone(), journal.clone());
    let task = tokio::spawn(async move { store(&theirs.0, 1, &theirs.1).await });
    task.await.unwrap().unwrap();
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(db.committed().await, [1]);
}
