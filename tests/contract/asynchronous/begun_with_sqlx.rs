//! Transactions that the body begins with sqlx itself.

use commit_on_success::{Outcome, commit_on_success, defer};
use commit_on_success_tests::errors::{assert_not_owned, function_of};
use sqlx::Connection as _;

use crate::driver::{self, Connection};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn store_on(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

/// The end of a transaction of sqlx inside a body.
#[derive(Clone, Copy, PartialEq)]
enum Nested {
    Commits,
    RollsBack,
    IsDropped,
    /// Its rollback is only queued when the commit of the block around it begins.
    IsDroppedLast,
    IsForgotten,
}

#[commit_on_success]
async fn nest_by_hand(
    conn: &mut Connection,
    nested: Nested,
    journal: &Journal,
) -> Result<(), Failure> {
    driver::insert(conn, 1).await?;
    defer!(journal.clone().note("called"));
    let mut by_hand = conn.begin().await?;
    driver::insert(&mut by_hand, 2).await?;
    match nested {
        Nested::Commits => by_hand.commit().await?,
        Nested::RollsBack => by_hand.rollback().await?,
        Nested::IsDropped => drop(by_hand),
        Nested::IsDroppedLast => {
            drop(by_hand);
            return Ok(());
        }
        Nested::IsForgotten => {
            std::mem::forget(by_hand);
            return Ok(());
        }
    }
    driver::insert(conn, 3).await?;
    Ok(())
}

#[crate::driver::test]
async fn a_transaction_of_sqlx_inside_a_body_is_a_savepoint() {
    for (nested, expected) in [
        (Nested::Commits, &[1, 2, 3][..]),
        (Nested::RollsBack, &[1, 3]),
        (Nested::IsDropped, &[1, 3]),
        (Nested::IsDroppedLast, &[1]),
    ] {
        let db = driver::open().await;
        let mut conn = db.connect().await;
        let journal = Journal::default();
        nest_by_hand(&mut conn, nested, &journal).await.unwrap();
        assert_eq!(journal.entries(), ["called"]);
        assert_eq!(db.committed().await, expected);
    }
}

#[crate::driver::test]
async fn a_forgotten_transaction_of_sqlx_inside_a_body_is_an_error_and_nothing_is_stored() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let forgotten = nest_by_hand(&mut conn, Nested::IsForgotten, &journal).await;
    let error = forgotten.unwrap_err().into_transaction();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert!(journal.entries().is_empty());
    assert!(db.committed().await.is_empty());
    assert!(driver::rows(&mut conn).await.unwrap().is_empty());
    store_on(&mut conn, 4, &journal).await.unwrap();
    assert_eq!(db.committed().await, [4]);
}

#[crate::driver::test]
async fn a_function_inside_a_transaction_of_sqlx_inside_a_body_goes_with_it() {
    #[commit_on_success]
    async fn plain(conn: &mut Connection, id: i64) -> Result<(), Failure> {
        driver::insert(conn, id).await?;
        Ok(())
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, commits: bool) -> Result<(), Failure> {
        let mut by_hand = conn.begin().await?;
        plain(&mut by_hand, 1).await?;
        if commits {
            by_hand.commit().await?;
        } else {
            by_hand.rollback().await?;
        }
        plain(conn, 2).await
    }

    for (commits, expected) in [(true, &[1, 2][..]), (false, &[2])] {
        let db = driver::open().await;
        outer(&mut db.connect().await, commits).await.unwrap();
        assert_eq!(db.committed().await, expected);
    }
}

/// Nobody tells this crate when that transaction ends, nor how.
#[crate::driver::test]
async fn calls_deferred_inside_a_transaction_of_sqlx_inside_a_body_are_refused() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, commits: bool, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        let mut by_hand = conn.begin().await?;
        let error = store_on(&mut by_hand, 2, journal)
            .await
            .unwrap_err()
            .into_transaction();
        assert_not_owned(&error, 1);
        assert_eq!(error.outcome(), Outcome::RolledBack);
        if commits {
            by_hand.commit().await?;
        } else {
            by_hand.rollback().await?;
        }
        store_on(conn, 3, journal).await
    }

    for commits in [true, false] {
        let db = driver::open().await;
        let journal = Journal::default();
        outer(&mut db.connect().await, commits, &journal)
            .await
            .unwrap();
        assert_eq!(journal.entries(), ["3"]);
        assert_eq!(db.committed().await, [1, 3]);
    }
}

#[crate::driver::test]
async fn a_block_in_a_block_inside_a_transaction_of_sqlx_hands_its_calls_to_the_refused_one() {
    #[commit_on_success]
    async fn middle(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store_on(conn, 2, journal).await
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("outer"));
        let mut by_hand = conn.begin().await?;
        let refused = middle(&mut by_hand, journal).await;
        let error = refused.unwrap_err().into_transaction();
        assert_eq!(function_of(&error), "middle");
        assert_not_owned(&error, 1);
        by_hand.rollback().await?;
        Ok(driver::insert(conn, 3).await?)
    }

    let db = driver::open().await;
    let journal = Journal::default();
    outer(&mut db.connect().await, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["outer"]);
    assert_eq!(db.committed().await, [3]);
}
