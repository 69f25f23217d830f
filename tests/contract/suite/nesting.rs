//! Blocks in blocks of the same connection: savepoints.

use std::sync::Arc;

use commit_on_success::{commit_on_success, set_rollback};

use crate::driver::{self, Connection};
use crate::support::Failure;

/// What an inner block does after it has written.
#[derive(Clone, Copy, PartialEq)]
enum Inner {
    Succeeds,
    Fails,
    ViolatesAConstraint,
    TakesBack,
}

use Inner::{Fails, Succeeds, TakesBack, ViolatesAConstraint};

#[commit_on_success]
async fn inner(conn: &mut Connection, id: i64, does: Inner) -> Result<i64, Failure> {
    driver::insert(conn, id).await?;
    match does {
        Succeeds => {}
        Fails => return Err(Failure::body("inner")),
        ViolatesAConstraint => driver::insert(conn, id).await?,
        TakesBack => set_rollback()?,
    }
    Ok(id)
}

/// Writes 1, then 2 in an inner block, then 3, whatever became of the inner block.
#[commit_on_success]
async fn outer(conn: &mut Connection, does: Inner) -> Result<Result<i64, Failure>, Failure> {
    driver::insert(conn, 1).await?;
    let nested = inner(conn, 2, does).await;
    driver::insert(conn, 3).await?;
    Ok(nested)
}

#[commit_on_success]
async fn failing_outer(conn: &mut Connection, does: Inner) -> Result<(), Failure> {
    driver::insert(conn, 1).await?;
    let _caught = inner(conn, 2, does).await;
    Err(Failure::body("outer"))
}

#[crate::driver::test]
async fn stores_both_when_both_succeed() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let nested = outer(&mut conn, Succeeds).await.unwrap();
    assert_eq!(nested.unwrap(), 2);
    assert_eq!(db.committed().await, [1, 2, 3]);
}

#[crate::driver::test]
async fn stores_only_the_outer_when_the_inner_fails_and_is_caught() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let nested = outer(&mut conn, Fails).await.unwrap();
    assert_eq!(&*nested.unwrap_err().into_body(), "inner");
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn the_outer_goes_on_after_a_statement_has_failed_in_the_inner() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let nested = outer(&mut conn, ViolatesAConstraint).await.unwrap();
    assert!(matches!(nested, Err(Failure::Driver(_))), "{nested:?}");
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn set_rollback_in_the_inner_takes_back_the_inner_alone() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let nested = outer(&mut conn, TakesBack).await.unwrap();
    assert_eq!(nested.unwrap(), 2);
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn set_rollback_in_the_outer_takes_back_the_inner_as_well() {
    #[commit_on_success]
    async fn take_all_back(conn: &mut Connection) -> Result<(), Failure> {
        set_rollback()?;
        driver::insert(conn, 1).await?;
        inner(conn, 2, Succeeds).await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    take_all_back(&mut conn).await.unwrap();
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn stores_nothing_when_the_outer_fails_after_the_inner_succeeded() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let error = failing_outer(&mut conn, Succeeds).await.unwrap_err();
    assert_eq!(&*error.into_body(), "outer");
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn stores_nothing_and_returns_the_outer_error_when_both_fail() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let error = failing_outer(&mut conn, ViolatesAConstraint)
        .await
        .unwrap_err();
    assert_eq!(&*error.into_body(), "outer");
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn the_very_error_of_the_inner_goes_through_all_levels() {
    #[commit_on_success]
    async fn bottom(conn: &mut Connection, error: Arc<str>) -> Result<(), Failure> {
        driver::insert(conn, 3).await?;
        Err(Failure::Body(error))
    }

    #[commit_on_success]
    async fn middle(conn: &mut Connection, error: Arc<str>) -> Result<(), Failure> {
        driver::insert(conn, 2).await?;
        bottom(conn, error).await
    }

    #[commit_on_success]
    async fn top(conn: &mut Connection, error: Arc<str>) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        middle(conn, error).await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let error: Arc<str> = "deep".into();
    let returned = top(&mut conn, error.clone()).await.unwrap_err();
    assert!(Arc::ptr_eq(&returned.into_body(), &error));
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn the_inner_alone_is_a_transaction_of_its_own() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    inner(&mut conn, 1, Succeeds).await.unwrap();
    inner(&mut conn, 2, Fails).await.unwrap_err();
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn the_inner_runs_on_the_connection_of_the_outer_and_commits_with_it() {
    #[commit_on_success]
    async fn sees(conn: &mut Connection) -> Result<Vec<i64>, Failure> {
        driver::insert(conn, 2).await?;
        Ok(driver::rows(conn).await?)
    }

    #[commit_on_success]
    async fn writes(conn: &mut Connection, db: &driver::Database) -> Result<Vec<i64>, Failure> {
        driver::insert(conn, 1).await?;
        let seen = sees(conn).await?;
        assert!(db.committed().await.is_empty());
        Ok(seen)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    assert_eq!(writes(&mut conn, &db).await.unwrap(), [1, 2]);
    assert_eq!(db.committed().await, [1, 2]);
}

#[crate::driver::test]
async fn inner_blocks_in_a_row_end_each_for_itself() {
    #[commit_on_success]
    async fn row(conn: &mut Connection) -> Result<(), Failure> {
        inner(conn, 1, Succeeds).await?;
        inner(conn, 2, Fails).await.unwrap_err();
        inner(conn, 3, Succeeds).await?;
        inner(conn, 4, ViolatesAConstraint).await.unwrap_err();
        inner(conn, 5, Succeeds).await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    row(&mut conn).await.unwrap();
    assert_eq!(db.committed().await, [1, 3, 5]);
}

#[crate::driver::test]
async fn a_block_inside_a_function_is_a_savepoint() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        let nested: Result<(), Failure> = commit_on_success::transaction!(tx = &mut *conn => {
            driver::insert(tx, 2).await?;
            Err(Failure::body("inner"))
        });
        assert_eq!(&*nested.unwrap_err().into_body(), "inner");
        commit_on_success::transaction!(tx = &mut *conn => {
            driver::insert(tx, 3).await?;
            Ok::<(), Failure>(())
        })
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    outer(&mut conn).await.unwrap();
    assert_eq!(db.committed().await, [1, 3]);
}
