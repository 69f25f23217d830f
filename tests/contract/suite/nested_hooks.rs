//! Deferred calls of nested blocks: they wait for the outermost commit, or go with their savepoint.

use commit_on_success::{commit_on_success, defer, pending, set_rollback};

use crate::driver::{self, Connection};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn inner(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    defer!(journal.clone().note(id.to_string()));
    driver::insert(conn, id).await?;
    Ok(())
}

#[commit_on_success]
async fn failing(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    defer!(journal.clone().note(id.to_string()));
    driver::insert(conn, id).await?;
    Err(Failure::body("inner"))
}

#[crate::driver::test]
async fn calls_run_in_order_across_levels_and_only_after_the_outermost_commit() {
    #[commit_on_success]
    async fn middle(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("B"));
        inner(conn, 3, journal).await?;
        defer!(journal.clone().note("D"));
        Ok(())
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("A"));
        middle(conn, journal).await?;
        defer!(journal.clone().note("E"));
        assert!(journal.entries().is_empty());
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    outer(&mut conn, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["A", "B", "3", "D", "E"]);
}

#[crate::driver::test]
async fn pending_counts_the_levels_together() {
    #[commit_on_success]
    async fn counts(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        assert_eq!(pending(), 1);
        inner(conn, 1, journal).await?;
        assert_eq!(pending(), 2);
        failing(conn, 2, journal).await.unwrap_err();
        assert_eq!(pending(), 2);
        Ok(())
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("outer"));
        counts(conn, journal).await?;
        assert_eq!(pending(), 2);
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    outer(&mut conn, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["outer", "1"]);
}

#[crate::driver::test]
async fn a_savepoint_that_is_rolled_back_takes_its_calls_with_it_and_no_others() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        inner(conn, 1, journal).await?;
        failing(conn, 2, journal).await.unwrap_err();
        inner(conn, 3, journal).await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    outer(&mut conn, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1", "3"]);
    assert_eq!(db.committed().await, [1, 3]);
    assert_eq!(journal.owners(), 1);
}

#[crate::driver::test]
async fn calls_handed_over_to_a_savepoint_go_with_it() {
    #[commit_on_success]
    async fn middle(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("middle"));
        inner(conn, 1, journal).await?;
        Err(Failure::body("middle"))
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        middle(conn, journal).await.unwrap_err();
        assert_eq!(pending(), 0);
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    outer(&mut conn, &journal).await.unwrap();
    assert!(journal.entries().is_empty());
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn no_call_runs_when_the_outer_fails_after_the_inner_succeeded() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        inner(conn, 1, journal).await?;
        Err(Failure::body("outer"))
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    outer(&mut conn, &journal).await.unwrap_err();
    assert!(journal.entries().is_empty());
    assert_eq!(journal.owners(), 1);
}

#[crate::driver::test]
async fn a_failed_inner_does_not_touch_what_the_outer_has_deferred() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("before"));
        failing(conn, 1, journal).await.unwrap_err();
        defer!(journal.clone().note("after"));
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    outer(&mut conn, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["before", "after"]);
}

#[crate::driver::test]
async fn set_rollback_in_the_inner_drops_the_calls_of_the_inner_alone() {
    #[commit_on_success]
    async fn takes_back(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        inner(conn, 1, journal).await?;
        defer!(journal.clone().note("never"));
        set_rollback()?;
        Ok(())
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("before"));
        takes_back(conn, journal).await?;
        defer!(journal.clone().note("after"));
        driver::insert(conn, 2).await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    outer(&mut conn, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["before", "after"]);
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn a_block_inside_a_function_drops_its_calls_when_it_fails() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("before"));
        let failed: Result<(), Failure> = commit_on_success::transaction!(tx = &mut *conn => {
            defer!(journal.clone().note("never"));
            driver::insert(tx, 1).await?;
            Err(Failure::body("inner"))
        });
        failed.unwrap_err();
        let stored: Result<(), Failure> = commit_on_success::transaction!(tx = &mut *conn => {
            defer!(journal.clone().note("inside"));
            driver::insert(tx, 2).await?;
            Ok(())
        });
        stored?;
        defer!(journal.clone().note("after"));
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    outer(&mut conn, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["before", "inside", "after"]);
    assert_eq!(db.committed().await, [2]);
}
