//! sea-orm on PostgreSQL: what others have left open, and what is left behind.

use std::future::pending as forever;
use std::panic::panic_any;

use commit_on_success::{commit_on_success, defer};
use tokio::sync::Notify;

use crate::driver::{self, Pool, Source};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn store(db: &impl Source, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(db, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

#[crate::driver::test]
async fn a_failed_transaction_left_open_in_a_pool_does_no_harm() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    driver::execute(&pool, "BEGIN").await.unwrap();
    driver::execute(&pool, "nonsense").await.unwrap_err();
    store(&pool, 2, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["2"]);
    assert_eq!(db.committed().await, [2]);
}

mod limits {
    use super::{Journal, driver, store};

    #[crate::driver::test]
    async fn what_somebody_left_open_on_a_pooled_connection_is_taken_for_a_part_of_the_block() {
        let db = driver::open().await;
        let pool = db.pool(1).await;
        let journal = Journal::default();
        driver::execute(&pool, "BEGIN").await.unwrap();
        driver::insert(&pool, 1).await.unwrap();
        store(&pool, 2, &journal).await.unwrap();
        assert_eq!(journal.entries(), ["2"]);
        assert_eq!(db.committed().await, [1, 2]);
    }
}

#[derive(Clone, Copy, Debug)]
enum End {
    Commits,
    Fails,
    Swallows,
    SendsCommit,
    Panics,
    IsDropped,
}

#[commit_on_success]
async fn ends(db: &Pool, end: End, reached: &Notify) -> Result<(), Failure> {
    driver::insert(db, 1).await?;
    match end {
        End::Commits => Ok(()),
        End::Fails => Err(Failure::body("no")),
        End::Swallows => {
            driver::insert(db, 1).await.unwrap_err();
            Ok(())
        }
        End::SendsCommit => Ok(driver::execute(db, "COMMIT").await?),
        End::Panics => panic_any(7_u32),
        End::IsDropped => {
            reached.notify_one();
            forever().await
        }
    }
}

#[crate::driver::test]
async fn however_a_block_ends_its_connection_is_outside_of_any_transaction() {
    for end in [
        End::Commits,
        End::Fails,
        End::Swallows,
        End::SendsCommit,
        End::Panics,
        End::IsDropped,
    ] {
        let db = driver::open().await;
        let pool = db.pool(1).await;
        let reached = Notify::new();
        let committed = tokio::select! {
            ended = async { driver::caught!(ends(&pool, end, &reached)) } => {
                matches!(ended, Ok(Ok(())))
            }
            () = reached.notified() => false,
        };
        assert_eq!(committed, matches!(end, End::Commits), "{end:?}");
        // Which a transaction does not let through.
        driver::execute(&pool, "VACUUM item").await.unwrap();
        driver::insert(&pool, 2).await.unwrap();
        assert!(db.committed().await.contains(&2), "{end:?}");
    }
}
