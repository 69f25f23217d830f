//! The limits of sea-orm, and what never happens all the same.

use std::mem::forget;
use std::panic::panic_any;

use commit_on_success::{Outcome, commit_on_success, defer};
use commit_on_success_tests::errors::assert_not_owned;
use futures_util::TryStreamExt as _;
use sea_orm::{DatabaseTransaction, EntityTrait, TransactionTrait};
use tokio::sync::Notify;

use crate::driver::{self, Source, item};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn store(db: &impl Source, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(db, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Succeeds,
    Fails,
}

/// The transaction inside of the body outlives it.
#[commit_on_success]
async fn hands_out(
    db: &impl Source,
    end: End,
    out: &mut Option<DatabaseTransaction>,
    journal: &Journal,
) -> Result<(), Failure> {
    driver::insert(db, 1).await?;
    defer!(journal.clone().note("called"));
    let by_hand = db.begin().await?;
    driver::insert(&by_hand, 2).await?;
    *out = Some(by_hand);
    match end {
        End::Succeeds => Ok(()),
        End::Fails => Err(Failure::body("no")),
    }
}

#[crate::driver::test]
async fn a_transaction_of_sea_orm_that_outlives_the_body_ends_with_it() {
    for end in [End::Succeeds, End::Fails] {
        let db = driver::open().await;
        let pool = db.pool(1).await;
        let (mut out, journal) = (None, Journal::default());
        let ended = driver::caught!(hands_out(&pool, end, &mut out, &journal));
        let succeeded = matches!(ended, Ok(Ok(())));
        assert_eq!(succeeded, end == End::Succeeds);
        assert_eq!(journal.entries().len(), usize::from(succeeded));
        // Whatever it says, there is nothing left for it to end.
        let _ = out.unwrap().commit().await;
        let expected: &[i64] = match end {
            End::Succeeds => &[1, 2],
            End::Fails => &[],
        };
        assert_eq!(db.committed().await, expected, "{end:?}");
        // The next user of the connection is outside of any transaction.
        driver::insert(&pool, 7).await.unwrap();
        store(&pool, 8, &journal).await.unwrap();
        let rows = db.committed().await;
        assert_eq!(rows, [expected, &[7, 8]].concat(), "{end:?}");
    }
}

#[crate::driver::test]
async fn a_transaction_of_sea_orm_that_outlives_the_body_can_be_dropped_right_after_it() {
    for end in [End::Succeeds, End::Fails] {
        let db = driver::open().await;
        let pool = db.pool(1).await;
        let (mut out, journal) = (None, Journal::default());
        let ended = driver::caught!(hands_out(&pool, end, &mut out, &journal));
        assert_eq!(matches!(ended, Ok(Ok(()))), end == End::Succeeds);
        drop(out);
        let expected: &[i64] = match end {
            End::Succeeds => &[1, 2],
            End::Fails => &[],
        };
        driver::insert(&pool, 7).await.unwrap();
        store(&pool, 8, &journal).await.unwrap();
        let rows = db.committed().await;
        assert_eq!(rows, [expected, &[7, 8]].concat(), "{end:?}");
    }
}

#[crate::driver::test]
async fn calls_deferred_inside_a_transaction_of_sea_orm_inside_a_body_are_refused() {
    #[commit_on_success]
    async fn outer(db: &impl Source, journal: &Journal) -> Result<(), Failure> {
        store(db, 1, journal).await?;
        let by_hand = db.begin().await?;
        let error = store(&by_hand, 2, journal)
            .await
            .unwrap_err()
            .into_transaction();
        assert_not_owned(&error, 1);
        assert_eq!(error.outcome(), Outcome::RolledBack);
        by_hand.commit().await?;
        store(db, 3, journal).await
    }

    let db = driver::open().await;
    let journal = Journal::default();
    outer(&db.pool(1).await, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1", "3"]);
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn a_transaction_that_the_body_has_put_in_the_place_of_its_own_is_committed() {
    #[commit_on_success]
    async fn replaces(db: &impl Source, journal: &Journal) -> Result<(), Failure> {
        store(db, 1, journal).await?;
        driver::execute(db, "ROLLBACK").await?;
        driver::execute(db, "BEGIN").await?;
        store(db, 2, journal).await
    }

    let db = driver::open().await;
    let journal = Journal::default();
    replaces(&db.pool(1).await, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1", "2"]);
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn a_nested_block_that_is_cancelled_in_a_transaction_opened_by_hand_is_in_its_owners_hands() {
    #[commit_on_success]
    async fn hangs(db: &impl Source, reached: &Notify) -> Result<(), Failure> {
        driver::insert(db, 1).await?;
        reached.notify_one();
        std::future::pending().await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let by_hand = pool.begin().await.unwrap();
    let reached = Notify::new();
    tokio::select! {
        _ = hangs(&by_hand, &reached) => unreachable!("it hangs"),
        () = reached.notified() => {}
    }
    by_hand.commit().await.unwrap();
    assert_eq!(db.committed().await, [1]);
}

/// Nobody can use the connection any more, not even to roll back.
#[commit_on_success]
async fn forgets_a_stream(db: &impl driver::Streaming, panics: bool) -> Result<(), Failure> {
    driver::insert(db, 1).await?;
    let mut stream = item::Entity::find().stream(db).await?;
    stream.try_next().await?.unwrap();
    forget(stream);
    if panics {
        panic_any(7_u32);
    }
    std::future::pending().await
}

#[crate::driver::test]
async fn a_panic_behind_a_stream_that_was_forgotten_goes_on_with_its_payload() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let payload = driver::caught!(forgets_a_stream(&pool, true)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&7_u32));
    assert!(!commit_on_success::in_transaction());
    drop(pool);
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn a_future_that_is_dropped_behind_a_stream_that_was_forgotten_stores_nothing() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let mut future = Box::pin(forgets_a_stream(&pool, false));
    for _ in 0..10_000 {
        tokio::select! {
            biased;
            _ = &mut future => unreachable!("it waits for ever"),
            () = driver::pause() => {}
        }
    }
    drop(future);
    drop(pool);
    assert!(db.committed().await.is_empty());
}

#[crate::driver::sync_test]
fn a_future_that_is_dropped_without_a_runtime_stores_nothing_and_panics_nowhere() {
    #[commit_on_success]
    async fn hangs(db: &impl Source, journal: &Journal) -> Result<(), Failure> {
        store(db, 1, journal).await?;
        journal.note("hangs");
        std::future::pending().await
    }

    let run = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
    };
    let first = run().unwrap();
    let db = first.block_on(driver::open());
    let pool = first.block_on(db.pool(1));
    let journal = Journal::default();
    let mut future = Box::pin(hangs(&pool, &journal));
    first.block_on(async {
        while journal.entries().is_empty() {
            tokio::select! {
                biased;
                _ = &mut future => unreachable!("it hangs"),
                () = driver::pause() => {}
            }
        }
    });
    drop(first);
    drop(future);
    assert_eq!(journal.entries(), ["hangs"]);
    assert!(run().unwrap().block_on(db.committed()).is_empty());
}
