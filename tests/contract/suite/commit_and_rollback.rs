//! One block: what is stored, and what its caller gets.

use std::sync::Arc;

use commit_on_success::{commit_on_success, defer, set_rollback};

use crate::driver::{self, Connection};
use crate::support::{Failure, Journal, observe, observed};

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64) -> Result<i64, Failure> {
    driver::insert(conn, id).await?;
    Ok(id * 10)
}

#[commit_on_success]
async fn store_and_fail(conn: &mut Connection, id: i64, error: Arc<str>) -> Result<i64, Failure> {
    driver::insert(conn, id).await?;
    Err(Failure::Body(error))
}

#[crate::driver::test]
async fn stores_the_row_and_returns_the_value_when_the_body_returns_ok() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let value = store(&mut conn, 1).await.unwrap();
    assert_eq!(value, 10);
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn stores_nothing_and_returns_the_very_error_of_the_body_when_it_fails() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let error: Arc<str> = "no".into();
    let returned = store_and_fail(&mut conn, 1, error.clone()).await;
    assert!(Arc::ptr_eq(&returned.unwrap_err().into_body(), &error));
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn stores_nothing_when_a_question_mark_ends_the_body() {
    #[commit_on_success]
    async fn store_twice(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        driver::insert(conn, 1).await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let error = store_twice(&mut conn).await.unwrap_err();
    assert!(matches!(error, Failure::Driver(_)), "{error:?}");
    assert!(db.committed().await.is_empty());
    store(&mut conn, 2).await.unwrap();
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn commits_when_return_leaves_the_body_early_with_ok() {
    #[commit_on_success]
    async fn store_one_of_two(conn: &mut Connection, early: bool) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        if early {
            return Ok(());
        }
        driver::insert(conn, 2).await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    store_one_of_two(&mut conn, true).await.unwrap();
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn every_spelling_of_the_attribute_commits_and_rolls_back_alike() {
    #[commit_on_success()]
    async fn empty(conn: &mut Connection, id: i64) -> Result<(), Failure> {
        finish(driver::insert(conn, id).await, id)
    }

    #[commit_on_success(conn)]
    async fn named(id: i64, conn: &mut Connection) -> Result<(), Failure> {
        finish(driver::insert(conn, id).await, id)
    }

    #[commit_on_success(tx = conn)]
    async fn bound(conn: &mut Connection, id: i64) -> Result<(), Failure> {
        finish(driver::insert(tx, id).await, id)
    }

    /// Odd ones are fine.
    fn finish(inserted: Result<(), driver::DriverError>, id: i64) -> Result<(), Failure> {
        inserted?;
        if id % 2 == 0 {
            Err(Failure::body("even"))
        } else {
            Ok(())
        }
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    empty(&mut conn, 1).await.unwrap();
    empty(&mut conn, 2).await.unwrap_err();
    named(3, &mut conn).await.unwrap();
    named(4, &mut conn).await.unwrap_err();
    bound(&mut conn, 5).await.unwrap();
    bound(&mut conn, 6).await.unwrap_err();
    assert_eq!(db.committed().await, [1, 3, 5]);
}

#[crate::driver::test]
async fn a_block_commits_and_rolls_back_as_a_function_does() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let value: Result<i64, Failure> = commit_on_success::transaction!(tx = &mut conn => {
        driver::insert(tx, 1).await?;
        Ok(7)
    });
    assert_eq!(value.unwrap(), 7);
    let failed: Result<(), Failure> = commit_on_success::transaction!(tx = &mut conn => {
        driver::insert(tx, 2).await?;
        driver::insert(tx, 2).await?;
        Ok(())
    });
    assert!(matches!(failed, Err(Failure::Driver(_))), "{failed:?}");
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn the_second_block_sees_what_the_first_has_stored_and_starts_clean() {
    #[commit_on_success]
    async fn look(conn: &mut Connection) -> Result<Vec<i64>, Failure> {
        assert_eq!(commit_on_success::pending(), 0);
        Ok(driver::rows(conn).await?)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    store(&mut conn, 1).await.unwrap();
    store_and_fail(&mut conn, 2, "no".into()).await.unwrap_err();
    assert_eq!(look(&mut conn).await.unwrap(), [1]);
}

#[commit_on_success]
async fn store_and_take_back(
    conn: &mut Connection,
    id: i64,
    journal: &Journal,
) -> Result<i64, Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note("never"));
    set_rollback()?;
    Ok(id)
}

#[crate::driver::test]
async fn set_rollback_stores_nothing_runs_nothing_and_returns_the_value() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    assert_eq!(
        store_and_take_back(&mut conn, 1, &journal).await.unwrap(),
        1
    );
    assert!(db.committed().await.is_empty());
    assert!(journal.entries().is_empty());
    // It was for that block alone.
    store(&mut conn, 2).await.unwrap();
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn set_rollback_outside_is_an_error() {
    assert!(set_rollback().is_err());
    let db = driver::open().await;
    let mut conn = db.connect().await;
    store(&mut conn, 1).await.unwrap();
    assert!(set_rollback().is_err());
}

#[crate::driver::test]
async fn the_bodys_error_is_returned_when_it_has_also_ended_the_transaction() {
    #[commit_on_success]
    async fn commits_by_itself_and_fails(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        driver::execute(conn, "COMMIT").await?;
        Err(Failure::body("mine"))
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    observe();
    let error = commits_by_itself_and_fails(&mut conn).await.unwrap_err();
    assert_eq!(&*error.into_body(), "mine");
    assert_eq!(observed("commits_by_itself_and_fails"), ["unknown"]);
    store(&mut conn, 2).await.unwrap();
    store_and_fail(&mut conn, 3, "no".into()).await.unwrap_err();
    assert_eq!(db.committed().await, [1, 2]);
}

#[crate::driver::test]
async fn a_function_can_call_itself() {
    #[commit_on_success]
    async fn countdown(conn: &mut Connection, from: i64, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, from).await?;
        defer!(journal.clone().note(from.to_string()));
        if from > 1 {
            driver::boxed!(countdown(conn, from - 1, journal))?;
        }
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    // Deeper than savepoint names are prepared for.
    countdown(&mut conn, 12, &journal).await.unwrap();
    assert_eq!(db.committed().await, (1..=12).collect::<Vec<_>>());
    let order: Vec<String> = (1..=12).rev().map(|id: i64| id.to_string()).collect();
    assert_eq!(journal.entries(), order);
}

struct Shelf {
    conn: Connection,
    first: i64,
}

trait Storage {
    async fn put(&mut self, id: i64) -> Result<(), Failure>;
}

impl Shelf {
    #[commit_on_success(tx = &mut self.conn)]
    async fn put_two(&mut self) -> Result<(), Failure> {
        driver::insert(tx, self.first).await?;
        driver::insert(tx, self.first + 1).await?;
        Ok(())
    }

    #[commit_on_success(conn)]
    async fn put_on(conn: &mut Connection, ids: &[i64]) -> Result<(), Failure> {
        for id in ids {
            driver::insert(conn, *id).await?;
        }
        Ok(())
    }
}

impl Storage for Shelf {
    #[commit_on_success(tx = &mut self.conn)]
    async fn put(&mut self, id: i64) -> Result<(), Failure> {
        driver::insert(tx, id).await?;
        if id > 10 {
            Err(Failure::body("too big"))
        } else {
            Ok(())
        }
    }
}

#[commit_on_success]
async fn put_generic<I>(conn: &mut Connection, id: I) -> Result<I, Failure>
where
    I: Into<i64> + Copy,
{
    driver::insert(conn, id.into()).await?;
    Ok(id)
}

#[crate::driver::test]
async fn methods_trait_implementations_and_generic_functions_commit_and_roll_back() {
    let db = driver::open().await;
    let conn = db.connect().await;
    let mut shelf = Shelf { conn, first: 1 };
    shelf.put_two().await.unwrap();
    shelf.put_two().await.unwrap_err();
    shelf.put(5).await.unwrap();
    shelf.put(11).await.unwrap_err();
    Shelf::put_on(&mut shelf.conn, &[6, 7]).await.unwrap();
    Shelf::put_on(&mut shelf.conn, &[8, 7]).await.unwrap_err();
    assert_eq!(put_generic(&mut shelf.conn, 9_i32).await.unwrap(), 9);
    assert_eq!(db.committed().await, [1, 2, 5, 6, 7, 9]);
}
