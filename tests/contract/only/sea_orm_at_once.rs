//! Functions that run at once on one transaction of sea-orm, which can be lent twice.

use commit_on_success::{Outcome, commit_on_success, defer};
use futures_util::future::{join, join_all};
use tokio::sync::Notify;

use crate::driver::{self, Source};
use crate::support::{Failure, Journal};

/// Two functions of which the second begins while the first is open.
#[derive(Default)]
struct Turns {
    first_is_open: Notify,
    second_has_tried: Notify,
}

#[commit_on_success]
async fn first(db: &impl Source, id: i64, turns: &Turns) -> Result<(), Failure> {
    driver::insert(db, id).await?;
    turns.first_is_open.notify_one();
    turns.second_has_tried.notified().await;
    driver::insert(db, id + 100).await?;
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

#[commit_on_success]
async fn second(db: &impl Source, id: i64, ran: &Journal) -> Result<(), Failure> {
    ran.note(id.to_string());
    driver::insert(db, id).await?;
    Ok(())
}

/// Has both run at once, and looks at how the second was refused.
async fn both(db: &impl Source, id: i64) -> Result<(), Failure> {
    let (turns, ran) = (Turns::default(), Journal::default());
    let beside = async {
        turns.first_is_open.notified().await;
        let refused = second(db, id + 10, &ran).await;
        turns.second_has_tried.notify_one();
        refused
    };
    let (ended, refused) = join(first(db, id, &turns), beside).await;
    let error = refused.unwrap_err().into_transaction();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert!(error.to_string().contains("beside"), "{error}");
    assert!(ran.entries().is_empty());
    ended
}

#[crate::driver::test]
async fn a_function_beside_an_open_one_is_refused_and_the_open_one_ends_as_alone() {
    #[commit_on_success]
    async fn outer(db: &impl Source, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("outer"));
        both(db, 1).await?;
        assert_eq!(&*both(db, 2).await.unwrap_err().into_body(), "even");
        second(db, 3, journal).await
    }

    let db = driver::open().await;
    let journal = Journal::default();
    outer(&db.pool(1).await, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["3", "outer"]);
    assert_eq!(db.committed().await, [1, 3, 101]);
}

#[crate::driver::test]
async fn a_function_beside_an_open_one_is_refused_in_a_transaction_opened_by_hand() {
    let db = driver::open().await;
    let conn = db.connect().await;
    let by_hand = driver::begin_by_hand(&conn).await;
    both(&by_hand, 1).await.unwrap();
    assert_eq!(&*both(&by_hand, 2).await.unwrap_err().into_body(), "even");
    second(&by_hand, 3, &Journal::default()).await.unwrap();
    driver::commit_by_hand(by_hand).await;
    assert_eq!(db.committed().await, [1, 3, 101]);
}

#[crate::driver::test]
async fn of_many_functions_at_once_one_runs_and_its_calls_with_it() {
    #[commit_on_success]
    async fn stores(db: &impl Source, id: i64, journal: &Journal) -> Result<(), Failure> {
        driver::pause().await;
        driver::insert(db, id).await?;
        defer!(journal.clone().note(id.to_string()));
        Ok(())
    }

    #[commit_on_success]
    async fn outer(db: &impl Source, journal: &Journal) -> Result<usize, Failure> {
        let ended = join_all((1..=5).map(|id| stores(db, id, journal))).await;
        Ok(ended.iter().filter(|ended| ended.is_ok()).count())
    }

    let db = driver::open().await;
    let journal = Journal::default();
    assert_eq!(outer(&db.pool(1).await, &journal).await.unwrap(), 1);
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn functions_that_join_may_run_at_once() {
    #[commit_on_success(db, propagation = required)]
    async fn joins(db: &impl Source, id: i64, journal: &Journal) -> Result<(), Failure> {
        driver::pause().await;
        driver::insert(db, id).await?;
        defer!(journal.clone().note(id.to_string()));
        driver::pause().await;
        Ok(())
    }

    #[commit_on_success]
    async fn outer(db: &impl Source, journal: &Journal) -> Result<(), Failure> {
        for ended in join_all((1..=5).map(|id| joins(db, id, journal))).await {
            ended?;
        }
        Ok(())
    }

    let db = driver::open().await;
    let journal = Journal::default();
    outer(&db.pool(1).await, &journal).await.unwrap();
    let mut calls = journal.entries();
    calls.sort();
    assert_eq!(calls, ["1", "2", "3", "4", "5"]);
    assert_eq!(db.committed().await, [1, 2, 3, 4, 5]);
}

#[crate::driver::test]
async fn functions_on_a_pool_have_transactions_of_their_own() {
    let db = driver::open().await;
    let (pool, journal) = (db.pool(2).await, Journal::default());
    let (one, other) = join(second(&pool, 1, &journal), second(&pool, 2, &journal)).await;
    one.unwrap();
    other.unwrap();
    assert_eq!(db.committed().await, [1, 2]);
}
