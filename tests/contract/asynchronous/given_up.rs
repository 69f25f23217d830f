//! Futures that are dropped inside a transaction that was opened by hand, whose owner decides what becomes of it.

use std::future::pending as forever;

use commit_on_success::signals::post_rollback;
use commit_on_success::{commit_on_success, defer};
use tokio::sync::Notify;

use crate::driver::{self, ByHand};
use crate::support::{Failure, Journal};
use crate::verdicts::{observe, observed};

#[crate::driver::test]
async fn of_a_block_that_is_cancelled_in_its_owners_transaction_nobody_hears_that_it_was_undone() {
    #[commit_on_success]
    async fn given_up(
        conn: ByHand<'_, '_>,
        journal: &Journal,
        reached: &Notify,
    ) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        defer!(journal.clone().note("called"));
        let theirs = journal.clone();
        post_rollback().connect(move |event| theirs.note(format!("handler: {:?}", event.cause)))?;
        reached.notify_one();
        forever().await
    }

    let db = driver::open().await;
    observe();
    let mut conn = db.connect().await;
    let mut by_hand = driver::begin_by_hand(&mut conn).await;
    let (journal, reached) = (Journal::default(), Notify::new());
    tokio::select! {
        _ = given_up(driver::lend!(by_hand), &journal, &reached) => unreachable!("it waits for ever"),
        () = reached.notified() => {}
    }
    assert!(journal.entries().is_empty());
    assert_eq!(journal.owners(), 1);
    assert_eq!(observed("given_up"), ["unknown"]);
    driver::insert(driver::lend!(by_hand), 2).await.unwrap();
    driver::commit_by_hand(by_hand).await;
    assert_eq!(db.committed().await, [1, 2]);
}

/// In a savepoint of ours, that one is the outermost whose fate is in the owner's hands.
#[crate::driver::test]
async fn of_blocks_that_are_cancelled_in_their_owners_transaction_nobody_hears_that_they_were_undone()
 {
    #[commit_on_success]
    async fn given_up_inside(
        conn: ByHand<'_, '_>,
        journal: &Journal,
        reached: &Notify,
    ) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        let theirs = journal.clone();
        post_rollback().connect(move |_| theirs.note("handler inside"))?;
        reached.notify_one();
        forever().await
    }

    #[commit_on_success]
    async fn given_up_outside(
        conn: ByHand<'_, '_>,
        journal: &Journal,
        reached: &Notify,
    ) -> Result<(), Failure> {
        let theirs = journal.clone();
        post_rollback().connect(move |_| theirs.note("handler outside"))?;
        given_up_inside(conn, journal, reached).await
    }

    let db = driver::open().await;
    observe();
    let mut conn = db.connect().await;
    let mut by_hand = driver::begin_by_hand(&mut conn).await;
    let (journal, reached) = (Journal::default(), Notify::new());
    tokio::select! {
        _ = given_up_outside(driver::lend!(by_hand), &journal, &reached) => {
            unreachable!("it waits for ever")
        }
        () = reached.notified() => {}
    }
    assert_eq!(observed("given_up_outside"), ["unknown"]);
    assert!(!journal.entries().contains(&"handler outside".to_owned()));
    driver::commit_by_hand(by_hand).await;
    assert_eq!(db.committed().await, [1]);
}
