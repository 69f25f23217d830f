//! The options that a transaction on PostgreSQL is begun with, and one that fails only because of others.

use std::sync::atomic::{AtomicU32, Ordering};

use commit_on_success::{ErrorKind, Outcome, commit_on_success, defer};
use commit_on_success_tests::errors::assert_unsupported;

use crate::driver::{self, Connection, Database, DriverError};
use crate::support::{Failure, Journal};

const READ_COMMITTED: &str =
    "DO $$ BEGIN ASSERT current_setting('transaction_isolation') = 'read committed'; END $$";
const REPEATABLE_READ: &str =
    "DO $$ BEGIN ASSERT current_setting('transaction_isolation') = 'repeatable read'; END $$";
const SERIALIZABLE: &str =
    "DO $$ BEGIN ASSERT current_setting('transaction_isolation') = 'serializable'; END $$";
const READ_ONLY: &str =
    "DO $$ BEGIN ASSERT current_setting('transaction_read_only') = 'on'; END $$";
const DEFERRABLE: &str =
    "DO $$ BEGIN ASSERT current_setting('transaction_deferrable') = 'on'; END $$";
const NOT_DEFERRABLE: &str =
    "DO $$ BEGIN ASSERT current_setting('transaction_deferrable') = 'off'; END $$";

#[crate::driver::test]
async fn an_isolation_level_is_in_force() {
    #[commit_on_success]
    async fn usual(conn: &mut Connection) -> Result<(), Failure> {
        driver::execute(conn, NOT_DEFERRABLE).await?;
        Ok(driver::execute(conn, READ_COMMITTED).await?)
    }

    #[commit_on_success(conn, isolation = repeatable_read)]
    async fn repeatable(conn: &mut Connection) -> Result<(), Failure> {
        Ok(driver::execute(conn, REPEATABLE_READ).await?)
    }

    #[commit_on_success(conn, isolation = serializable)]
    async fn serializable(conn: &mut Connection) -> Result<(), Failure> {
        Ok(driver::execute(conn, SERIALIZABLE).await?)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    serializable(&mut conn).await.unwrap();
    repeatable(&mut conn).await.unwrap();
    usual(&mut conn).await.unwrap();
}

#[crate::driver::test]
async fn options_that_nobody_asked_for_are_those_of_the_session() {
    #[commit_on_success]
    async fn plain(conn: &mut Connection) -> Result<(), Failure> {
        driver::execute(conn, DEFERRABLE).await?;
        driver::execute(conn, READ_ONLY).await?;
        Ok(driver::execute(conn, SERIALIZABLE).await?)
    }

    #[commit_on_success(conn, isolation = repeatable_read)]
    async fn repeatable(conn: &mut Connection) -> Result<(), Failure> {
        driver::execute(conn, DEFERRABLE).await?;
        driver::execute(conn, READ_ONLY).await?;
        Ok(driver::execute(conn, REPEATABLE_READ).await?)
    }

    #[commit_on_success(conn, read_only)]
    async fn reads(conn: &mut Connection) -> Result<(), Failure> {
        driver::execute(conn, DEFERRABLE).await?;
        Ok(driver::execute(conn, SERIALIZABLE).await?)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    for statement in [
        "SET default_transaction_deferrable = on",
        "SET default_transaction_read_only = on",
        "SET default_transaction_isolation = serializable",
    ] {
        driver::execute(&mut conn, statement).await.unwrap();
    }
    plain(&mut conn).await.unwrap();
    repeatable(&mut conn).await.unwrap();
    reads(&mut conn).await.unwrap();
}

#[crate::driver::test]
async fn a_transaction_that_only_reads_refuses_to_write() {
    #[commit_on_success(conn, read_only)]
    async fn writes(conn: &mut Connection) -> Result<(), Failure> {
        driver::execute(conn, READ_ONLY).await?;
        Ok(driver::insert(conn, 1).await?)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let error = writes(&mut conn).await.unwrap_err();
    assert!(matches!(error, Failure::Driver(_)), "{error:?}");
    driver::insert(&mut conn, 2).await.unwrap();
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn a_deferrable_transaction_is_deferrable() {
    #[commit_on_success(conn, isolation = serializable, read_only, deferrable)]
    async fn waits(conn: &mut Connection) -> Result<(), Failure> {
        driver::execute(conn, SERIALIZABLE).await?;
        driver::execute(conn, READ_ONLY).await?;
        Ok(driver::execute(conn, DEFERRABLE).await?)
    }

    let db = driver::open().await;
    waits(&mut db.connect().await).await.unwrap();
}

#[crate::driver::test]
async fn what_postgresql_does_not_have_is_refused_and_the_body_does_not_run() {
    #[commit_on_success(conn, mode = immediate)]
    async fn of_sqlite(conn: &mut Connection) -> Result<(), Failure> {
        Ok(driver::insert(conn, 1).await?)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let error = of_sqlite(&mut conn).await.unwrap_err().into_transaction();
    assert_unsupported(&error, "mode", "PostgreSQL");
    driver::insert(&mut conn, 2).await.unwrap();
    assert_eq!(db.committed().await, [2]);
}

/// Two transactions that each read what the other writes: one of them has to fail.
async fn interfere(db: &Database) -> Result<(), DriverError> {
    let mut other = db.connect().await;
    driver::execute(&mut other, "BEGIN ISOLATION LEVEL SERIALIZABLE").await?;
    driver::rows(&mut other).await?;
    driver::insert(&mut other, 2).await?;
    driver::execute(&mut other, "COMMIT").await
}

#[crate::driver::test]
async fn a_serialization_failure_at_the_commit_is_the_drivers_error_and_nothing_is_stored() {
    #[commit_on_success(conn, isolation = serializable)]
    async fn skews(conn: &mut Connection, db: &Database, journal: &Journal) -> Result<(), Failure> {
        driver::rows(conn).await?;
        driver::insert(conn, 1).await?;
        defer!(journal.clone().note("never"));
        interfere(db).await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let failed = skews(&mut conn, &db, &journal).await;
    let error = failed.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    let said = DriverError::from(error).to_string();
    assert!(said.contains("could not serialize"), "{said}");
    assert_eq!(journal.owners(), 1);
    assert_eq!(db.committed().await, [2]);
    driver::insert(&mut conn, 3).await.unwrap();
    assert_eq!(db.committed().await, [2, 3]);
}

#[crate::driver::test]
async fn a_serialization_failure_at_the_commit_is_worth_another_attempt() {
    #[commit_on_success(conn, isolation = serializable, attempts = 2)]
    async fn skews(
        conn: &mut Connection,
        db: &Database,
        tries: &AtomicU32,
        journal: &Journal,
    ) -> Result<(), Failure> {
        driver::rows(conn).await?;
        driver::insert(conn, 1).await?;
        let number = tries.fetch_add(1, Ordering::Relaxed);
        defer!(journal.clone().note(number.to_string()));
        if number == 0 {
            interfere(db).await?;
        }
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let (tries, journal) = (AtomicU32::new(0), Journal::default());
    skews(&mut conn, &db, &tries, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(db.committed().await, [1, 2]);
}

#[crate::driver::test]
async fn a_serialization_failure_of_a_statement_is_worth_another_attempt() {
    #[commit_on_success(conn, isolation = repeatable_read, attempts = 2)]
    async fn updates(
        conn: &mut Connection,
        db: &Database,
        tries: &AtomicU32,
    ) -> Result<(), Failure> {
        driver::rows(conn).await?;
        if tries.fetch_add(1, Ordering::Relaxed) == 0 {
            let statement = "UPDATE item SET id = 2 WHERE id = 1";
            driver::execute(&mut db.connect().await, statement).await?;
        }
        Ok(driver::execute(conn, "UPDATE item SET id = id + 10").await?)
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    driver::insert(&mut conn, 1).await.unwrap();
    let tries = AtomicU32::new(0);
    updates(&mut conn, &db, &tries).await.unwrap();
    assert_eq!(tries.into_inner(), 2);
    assert_eq!(db.committed().await, [12]);
}
