// Commits that the database refuses: a deferred constraint is violated.

use commit_on_success::{Error, ErrorKind, Outcome, commit_on_success, defer};
use commit_on_success_tests::errors::{assert_kind, function_of, source_of};

use crate::driver::{self, Connection, DriverError, Pool};
use crate::support::{Failure, Journal};

const ORPHAN: &str = "INSERT INTO child (item) VALUES (42)";

#[commit_on_success]
async fn store_orphan(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
    defer!(journal.clone().note("never"));
    driver::insert(conn, 1).await?;
    driver::execute(conn, ORPHAN).await?;
    Ok(())
}

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

#[crate::driver::test]
async fn a_refused_commit_is_an_error_that_stores_nothing_and_runs_nothing() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = store_orphan(&mut conn, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    let (function, source) = (function_of(&error), source_of(&error));
    assert_eq!(function, "store_orphan");
    assert!(source.is::<driver::Original>(), "{source:?}");
    assert!(db.committed().await.is_empty());
    assert!(journal.entries().is_empty());
    assert_eq!(journal.owners(), 1);
    store(&mut conn, 2, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["2"]);
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn a_function_that_returns_the_drivers_error_returns_the_original() {
    #[commit_on_success]
    async fn store_orphan(conn: &mut Connection, journal: &Journal) -> Result<(), DriverError> {
        defer!(journal.clone().note("never"));
        driver::execute(conn, ORPHAN).await
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = store_orphan(&mut conn, &journal).await.unwrap_err();
    let message = error.to_string();
    assert!(message.to_lowercase().contains("foreign key"), "{message}");
    assert!(Error::find(&error).is_none());
    assert!(journal.entries().is_empty());
}

#[crate::driver::test]
async fn a_constraint_that_an_inner_block_violates_is_refused_at_the_outermost_commit() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 3, journal).await?;
        store_orphan(conn, journal).await.unwrap();
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = outer(&mut conn, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_kind(&error, ErrorKind::Commit, "outer");
    assert!(db.committed().await.is_empty());
    assert!(journal.entries().is_empty());
}

#[crate::driver::test]
async fn an_orphan_in_a_savepoint_that_is_rolled_back_does_no_harm() {
    #[commit_on_success]
    async fn inner(conn: &mut Connection) -> Result<(), Failure> {
        driver::execute(conn, ORPHAN).await?;
        Err(Failure::body("inner"))
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        inner(conn).await.unwrap_err();
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    outer(&mut conn).await.unwrap();
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn a_pool_of_one_works_after_a_refused_commit() {
    #[commit_on_success(tx = driver::source(pool))]
    async fn outer(pool: &Pool, journal: &Journal, orphan: bool) -> Result<(), Failure> {
        if orphan {
            driver::execute(tx, ORPHAN).await?;
        }
        store(tx, 1, journal).await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let error = outer(&pool, &journal, true)
        .await
        .unwrap_err()
        .into_transaction();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    outer(&pool, &journal, false).await.unwrap();
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(db.committed().await, [1]);
}
