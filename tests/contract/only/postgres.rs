//! PostgreSQL stores nothing after a statement has failed, and calls it a commit.

use commit_on_success::{Error, ErrorKind, Outcome, commit_on_success, defer};
use commit_on_success_tests::errors::assert_kind;

use crate::driver::{self, Connection, DriverError, Pool};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

/// The second row violates the primary key, and nobody is told.
#[commit_on_success]
async fn swallow(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    defer!(journal.clone().note("never"));
    driver::insert(conn, id).await?;
    driver::insert(conn, id).await.unwrap_err();
    Ok(())
}

#[crate::driver::test]
async fn a_swallowed_error_is_an_error_with_nothing_stored_and_no_call_run() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = swallow(&mut conn, 1, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_kind(&error, ErrorKind::Aborted, "swallow");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert!(db.committed().await.is_empty());
    assert!(journal.entries().is_empty());
    store(&mut conn, 2, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["2"]);
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn a_pool_of_one_works_after_a_swallowed_error() {
    #[commit_on_success(tx = driver::source(pool))]
    async fn swallows(pool: &Pool, journal: &Journal, error: bool) -> Result<(), Failure> {
        store(tx, 1, journal).await?;
        if error {
            driver::insert(tx, 1).await.unwrap_err();
        }
        Ok(())
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let error = swallows(&pool, &journal, true)
        .await
        .unwrap_err()
        .into_transaction();
    assert_eq!(error.kind(), ErrorKind::Aborted, "{error:?}");
    swallows(&pool, &journal, false).await.unwrap();
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn an_error_swallowed_in_a_savepoint_is_an_error_of_the_inner_and_the_outer_goes_on() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 1, journal).await?;
        let error = swallow(conn, 2, journal)
            .await
            .unwrap_err()
            .into_transaction();
        assert_kind(&error, ErrorKind::Aborted, "swallow");
        assert_eq!(error.outcome(), Outcome::RolledBack);
        store(conn, 3, journal).await
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    outer(&mut conn, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1", "3"]);
    assert_eq!(db.committed().await, [1, 3]);
}

#[crate::driver::test]
async fn set_rollback_after_a_swallowed_error_returns_the_value() {
    #[commit_on_success]
    async fn takes_back(conn: &mut Connection) -> Result<i64, Failure> {
        driver::insert(conn, 1).await?;
        driver::insert(conn, 1).await.unwrap_err();
        commit_on_success::set_rollback()?;
        Ok(7)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    assert_eq!(takes_back(&mut conn).await.unwrap(), 7);
    assert!(db.committed().await.is_empty());
}

#[crate::driver::test]
async fn without_a_savepoint_the_body_of_an_inner_block_does_not_run() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        driver::insert(conn, 1).await.unwrap_err();
        store(conn, 2, journal).await
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = outer(&mut conn, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_kind(&error, ErrorKind::NestedBegin, "store");
    assert!(journal.entries().is_empty());
    store(&mut conn, 3, &journal).await.unwrap();
    assert_eq!(db.committed().await, [3]);
}

#[crate::driver::test]
async fn a_swallowed_error_is_found_in_a_drivers_error() {
    #[commit_on_success]
    async fn swallows(conn: &mut Connection) -> Result<(), DriverError> {
        driver::insert(conn, 1).await?;
        driver::insert(conn, 1).await.unwrap_err();
        Ok(())
    }

    let db = driver::open().await;
    let error = swallows(&mut db.connect().await).await.unwrap_err();
    let found = Error::find(&error).unwrap();
    assert_eq!(found.kind(), ErrorKind::Aborted, "{found:?}");
}

const LEAVE: &str = "SELECT pg_terminate_backend(pg_backend_pid())";

#[crate::driver::test]
async fn a_connection_that_breaks_in_the_body_runs_nothing_and_the_pool_works() {
    #[commit_on_success(tx = driver::source(pool))]
    async fn breaks(pool: &Pool, journal: &Journal, swallow: bool) -> Result<(), Failure> {
        store(tx, 1, journal).await?;
        let broken = driver::execute(tx, LEAVE).await;
        assert!(broken.is_err());
        if !swallow {
            broken?;
        }
        Ok(())
    }

    #[commit_on_success(tx = driver::source(pool))]
    async fn stores(pool: &Pool, journal: &Journal) -> Result<(), Failure> {
        store(tx, 2, journal).await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let error = breaks(&pool, &journal, false).await.unwrap_err();
    assert!(matches!(error, Failure::Driver(_)), "{error:?}");
    let error = breaks(&pool, &journal, true)
        .await
        .unwrap_err()
        .into_transaction();
    assert_ne!(error.outcome(), Outcome::Committed);
    assert!(journal.entries().is_empty());
    stores(&pool, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["2"]);
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn a_begin_on_a_broken_connection_is_an_error_and_the_body_does_not_run() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    driver::execute(&mut conn, LEAVE).await.unwrap_err();
    let error = store(&mut conn, 1, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_kind(&error, ErrorKind::Begin, "store");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(journal.owners(), 1);
}
