//! Transactions that the body begins with sea-orm itself, and streams.

use commit_on_success::{commit_on_success, defer};
use futures_util::TryStreamExt as _;
use sea_orm::{DbErr, EntityTrait, TransactionTrait};

use crate::driver::{self, Source, item};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn store(db: &impl Source, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(db, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

#[commit_on_success]
async fn plain(db: &impl Source, id: i64) -> Result<(), Failure> {
    driver::insert(db, id).await?;
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

/// The end of a transaction of sea-orm inside a body.
#[derive(Clone, Copy, PartialEq)]
enum Nested {
    Commits,
    RollsBack,
    IsDropped,
    /// Its rollback is only queued when the commit of the block around it begins.
    IsDroppedLast,
    Closure,
    FailingClosure,
}

#[commit_on_success]
async fn nest_by_hand(db: &impl Source, nested: Nested, journal: &Journal) -> Result<(), Failure> {
    driver::insert(db, 1).await?;
    defer!(journal.clone().note("called"));
    if let Nested::Closure | Nested::FailingClosure = nested {
        let closed = db
            .transaction::<_, (), DbErr>(|by_hand| {
                Box::pin(async move {
                    driver::insert(by_hand, 2).await?;
                    match nested {
                        Nested::Closure => Ok(()),
                        _ => Err(DbErr::RecordNotInserted),
                    }
                })
            })
            .await;
        assert_eq!(closed.is_ok(), nested == Nested::Closure);
        return Ok(driver::insert(db, 3).await?);
    }
    let by_hand = db.begin().await?;
    driver::insert(&by_hand, 2).await?;
    match nested {
        Nested::Commits => by_hand.commit().await?,
        Nested::RollsBack => by_hand.rollback().await?,
        Nested::IsDroppedLast => return Ok(()),
        _ => drop(by_hand),
    }
    driver::insert(db, 3).await?;
    Ok(())
}

#[crate::driver::test]
async fn a_transaction_of_sea_orm_inside_a_body_is_a_savepoint() {
    for (nested, expected) in [
        (Nested::Commits, &[1, 2, 3][..]),
        (Nested::RollsBack, &[1, 3]),
        (Nested::IsDropped, &[1, 3]),
        (Nested::IsDroppedLast, &[1]),
        (Nested::Closure, &[1, 2, 3]),
        (Nested::FailingClosure, &[1, 3]),
    ] {
        let db = driver::open().await;
        let pool = db.pool(1).await;
        let journal = Journal::default();
        nest_by_hand(&pool, nested, &journal).await.unwrap();
        assert_eq!(journal.entries(), ["called"]);
        assert_eq!(db.committed().await, expected);
        store(&pool, 4, &journal).await.unwrap();
        driver::insert(&pool, 5).await.unwrap();
        assert_eq!(db.committed().await, [expected, &[4, 5]].concat());
    }
}

#[crate::driver::test]
async fn a_function_inside_a_transaction_of_sea_orm_inside_a_body_goes_with_it() {
    #[commit_on_success]
    async fn outer(db: &impl Source, commits: bool) -> Result<(), Failure> {
        let by_hand = db.begin().await?;
        plain(&by_hand, 1).await?;
        plain(&by_hand, 2).await.unwrap_err();
        if commits {
            by_hand.commit().await?;
        } else {
            by_hand.rollback().await?;
        }
        plain(db, 3).await
    }

    for (commits, expected) in [(true, &[1, 3][..]), (false, &[3])] {
        let db = driver::open().await;
        outer(&db.pool(1).await, commits).await.unwrap();
        assert_eq!(db.committed().await, expected);
    }
}

/// The savepoints of the inner transaction have names of their own: MySQL forgets one when another takes its
/// name.
#[crate::driver::test]
async fn savepoints_below_a_transaction_of_sea_orm_do_not_hide_those_above_it() {
    #[commit_on_success]
    async fn nest(db: &impl Source, id: i64) -> Result<(), Failure> {
        plain(db, id).await?;
        plain(db, id + 1).await.unwrap_err();
        plain(db, id + 2).await
    }

    #[commit_on_success]
    async fn middle(db: &impl Source, fails: bool) -> Result<(), Failure> {
        let by_hand = db.begin().await?;
        nest(&by_hand, 11).await?;
        by_hand.commit().await?;
        plain(db, if fails { 22 } else { 21 }).await
    }

    #[commit_on_success]
    async fn outer(db: &impl Source, fails: bool) -> Result<(), Failure> {
        driver::insert(db, 1).await?;
        assert_eq!(middle(db, fails).await.is_err(), fails);
        plain(db, 31).await
    }

    for (fails, expected) in [(false, &[1, 11, 13, 21, 31][..]), (true, &[1, 31])] {
        let db = driver::open().await;
        outer(&db.pool(1).await, fails).await.unwrap();
        assert_eq!(db.committed().await, expected);
    }
}

#[crate::driver::test]
async fn a_stream_in_the_body_can_be_read_and_given_up() {
    #[commit_on_success]
    async fn reads(db: &impl driver::Streaming, journal: &Journal) -> Result<Vec<i64>, Failure> {
        for id in 1..=100 {
            driver::insert(db, id).await?;
        }
        let mut seen = Vec::new();
        {
            let mut stream = item::Entity::find().stream(db).await?;
            while let Some(row) = stream.try_next().await? {
                seen.push(row.id);
            }
        }
        let mut stream = item::Entity::find().stream(db).await?;
        stream.try_next().await?.unwrap();
        drop(stream);
        store(db, 101, journal).await?;
        Ok(seen)
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let seen = reads(&pool, &journal).await.unwrap();
    assert_eq!(seen.len(), 100);
    assert_eq!(journal.entries(), ["101"]);
    assert_eq!(db.committed().await.len(), 101);
}

#[crate::driver::test]
async fn a_stream_that_is_open_when_the_body_fails_is_no_obstacle() {
    #[commit_on_success]
    async fn fails(db: &impl driver::Streaming) -> Result<(), Failure> {
        for id in 1..=100 {
            driver::insert(db, id).await?;
        }
        let mut stream = item::Entity::find().stream(db).await?;
        stream.try_next().await?.unwrap();
        Err(Failure::body("half-way"))
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let error = fails(&pool).await.unwrap_err();
    assert_eq!(&*error.into_body(), "half-way");
    plain(&pool, 1).await.unwrap();
    assert_eq!(db.committed().await, [1]);
}
