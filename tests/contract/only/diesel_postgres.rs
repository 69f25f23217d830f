// What PostgreSQL does through diesel and diesel-async, which show no SQLSTATE.

use std::sync::atomic::{AtomicU32, Ordering};

use commit_on_success::{Error, Outcome, commit_on_success, defer};

use crate::driver::{self, Connection, Database, DriverError, Generic as _};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

/// With a trigger that has a word to say at the commit.
async fn with_trigger() -> Option<Database> {
    let db = driver::open().await?;
    let statements = "
        CREATE FUNCTION object() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.id = 13 THEN RAISE EXCEPTION 'bad luck'; END IF;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER objecting AFTER INSERT ON item
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION object();
    ";
    driver::execute(&mut db.connect().await, statements)
        .await
        .unwrap();
    Some(db)
}

#[tokio::test]
async fn the_error_of_a_deferred_trigger_is_that_of_the_commit() {
    let Some(db) = with_trigger().await else {
        return;
    };
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = store(&mut conn, 13, &journal).await.unwrap_err();
    let error = error.into_transaction();
    assert!(matches!(error, Error::Commit { .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(DriverError::from(error).to_string(), "bad luck");
    assert_eq!(driver::depth(&mut conn), None);
    store(&mut conn, 2, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["2"]);
    assert_eq!(db.committed().await, [2]);
}

#[tokio::test]
async fn a_commit_sent_by_the_body_that_fails_is_no_refused_commit() {
    #[commit_on_success]
    async fn sends(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 13, journal).await?;
        driver::execute(conn, "COMMIT").await.unwrap_err();
        // On its own.
        driver::insert(conn, 3).await?;
        Ok(())
    }

    let Some(db) = with_trigger().await else {
        return;
    };
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = sends(&mut conn, &journal).await.unwrap_err();
    let error = error.into_transaction();
    assert!(matches!(error, Error::Ended { .. }), "{error:?}");
    assert!(journal.entries().is_empty());
    assert_eq!(db.committed().await, [3]);
}

#[tokio::test]
async fn an_error_that_is_swallowed_in_a_transaction_of_diesel_is_an_error() {
    #[commit_on_success]
    async fn swallows(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 1, journal).await?;
        let inner = conn.transaction::<(), Failure, _>(async |conn| {
            driver::insert(conn, 1).await.unwrap_err();
            Ok(())
        });
        // Released or not, it is said to have succeeded or not.
        let _ = inner.await;
        Ok(())
    }

    let Some(db) = driver::open().await else {
        return;
    };
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let done = swallows(&mut conn, &journal).await;
    let stored = db.committed().await;
    assert_eq!(done.is_ok(), stored == [1], "{done:?}");
    assert_eq!(journal.entries().is_empty(), stored.is_empty());
}

const SERIALIZATION_FAILURE: &str =
    "DO $$ BEGIN RAISE EXCEPTION 'others' USING ERRCODE = '40001'; END $$";

#[tokio::test]
async fn a_serialization_failure_is_recognized_in_the_drivers_own_error() {
    #[commit_on_success(conn, attempts = 2)]
    async fn fails(conn: &mut Connection, tries: &AtomicU32) -> Result<(), DriverError> {
        if tries.fetch_add(1, Ordering::Relaxed) == 0 {
            driver::execute(conn, SERIALIZATION_FAILURE).await?;
        }
        driver::insert(conn, 1).await
    }

    let Some(db) = driver::open().await else {
        return;
    };
    let tries = AtomicU32::new(0);
    fails(&mut db.connect().await, &tries).await.unwrap();
    assert_eq!(tries.into_inner(), 2);
    assert_eq!(db.committed().await, [1]);
}

#[tokio::test]
async fn the_outer_goes_on_after_a_serialization_failure_in_the_inner() {
    #[commit_on_success]
    async fn inner(conn: &mut Connection) -> Result<(), Failure> {
        driver::execute(conn, SERIALIZATION_FAILURE).await?;
        Ok(())
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 1, journal).await?;
        inner(conn).await.unwrap_err();
        store(conn, 3, journal).await
    }

    let Some(db) = driver::open().await else {
        return;
    };
    let journal = Journal::default();
    outer(&mut db.connect().await, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1", "3"]);
    assert_eq!(db.committed().await, [1, 3]);
}

mod limits {
    use std::sync::atomic::{AtomicU32, Ordering};

    use commit_on_success::commit_on_success;

    use super::SERIALIZATION_FAILURE;
    use crate::driver::{self, Connection, DriverError};
    use crate::support::Failure;

    #[tokio::test]
    async fn a_deadlock_is_not_worth_another_attempt() {
        #[commit_on_success(conn, attempts = 3)]
        async fn fails(conn: &mut Connection, tries: &AtomicU32) -> Result<(), Failure> {
            tries.fetch_add(1, Ordering::Relaxed);
            let deadlock = "DO $$ BEGIN RAISE EXCEPTION 'others' USING ERRCODE = '40P01'; END $$";
            Ok(driver::execute(conn, deadlock).await?)
        }

        let Some(db) = driver::open().await else {
            return;
        };
        let tries = AtomicU32::new(0);
        let failed = fails(&mut db.connect().await, &tries).await;
        assert!(matches!(failed, Err(Failure::Driver(_))), "{failed:?}");
        assert_eq!(tries.into_inner(), 1);
    }

    #[derive(Debug, thiserror::Error)]
    enum Transparent {
        #[error(transparent)]
        Driver(#[from] DriverError),
        #[error(transparent)]
        Transaction(#[from] commit_on_success::Error),
    }

    #[tokio::test]
    async fn an_error_behind_a_transparent_one_is_not_seen() {
        #[commit_on_success(conn, attempts = 3)]
        async fn fails(conn: &mut Connection, tries: &AtomicU32) -> Result<(), Transparent> {
            tries.fetch_add(1, Ordering::Relaxed);
            Ok(driver::execute(conn, SERIALIZATION_FAILURE).await?)
        }

        let Some(db) = driver::open().await else {
            return;
        };
        let tries = AtomicU32::new(0);
        let failed = fails(&mut db.connect().await, &tries).await;
        assert!(matches!(failed, Err(Transparent::Driver(_))), "{failed:?}");
        assert_eq!(tries.into_inner(), 1);
    }
}
