// PostgreSQL through diesel and diesel-async, which show no SQLSTATE.

use std::sync::atomic::{AtomicU32, Ordering};

use commit_on_success::{
    CommitError, ErrorKind, Options, Outcome, Session as _, commit_on_success, defer, set_rollback,
    signals,
};
use diesel::result::DatabaseErrorKind;

use crate::driver::{
    self, Connection, Database, DriverError, Generic as _, Pool, Source as _, Steps as _,
};
use crate::support::{Failure, Journal, observe, observed};

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

/// With a trigger that has a word to say at the commit.
async fn with_trigger() -> Database {
    let db = driver::open().await;
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
    db
}

#[crate::driver::test]
async fn a_commit_sent_by_the_body_that_fails_is_no_refused_commit() {
    #[commit_on_success]
    async fn sends(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 13, journal).await?;
        driver::execute(conn, "COMMIT").await.unwrap_err();
        // On its own.
        driver::insert(conn, 3).await?;
        Ok(())
    }

    let db = with_trigger().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = sends(&mut conn, &journal).await.unwrap_err();
    let error = error.into_transaction();
    assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
    assert!(journal.entries().is_empty());
    assert_eq!(db.committed().await, [3]);
}

#[crate::driver::test]
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

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let done = swallows(&mut conn, &journal).await;
    let stored = db.committed().await;
    assert_eq!(done.is_ok(), stored == [1], "{done:?}");
    assert_eq!(journal.entries().is_empty(), stored.is_empty());
}

const SERIALIZATION_FAILURE: &str =
    "DO $$ BEGIN RAISE EXCEPTION 'others' USING ERRCODE = '40001'; END $$";

#[crate::driver::test]
async fn a_serialization_failure_is_recognized_in_the_drivers_own_error() {
    #[commit_on_success(conn, attempts = 2)]
    async fn fails(conn: &mut Connection, tries: &AtomicU32) -> Result<(), DriverError> {
        if tries.fetch_add(1, Ordering::Relaxed) == 0 {
            driver::execute(conn, SERIALIZATION_FAILURE).await?;
        }
        driver::insert(conn, 1).await
    }

    let db = driver::open().await;
    let tries = AtomicU32::new(0);
    fails(&mut db.connect().await, &tries).await.unwrap();
    assert_eq!(tries.into_inner(), 2);
    assert_eq!(db.committed().await, [1]);
}

/// The commit only hears that a statement has failed.
#[crate::driver::test]
async fn a_serialization_failure_that_is_swallowed_is_worth_another_attempt() {
    #[commit_on_success(conn, attempts = 2)]
    async fn swallows(conn: &mut Connection, tries: &AtomicU32) -> Result<(), Failure> {
        if tries.fetch_add(1, Ordering::Relaxed) == 0 {
            driver::execute(conn, SERIALIZATION_FAILURE)
                .await
                .unwrap_err();
            return Ok(());
        }
        Ok(driver::insert(conn, 1).await?)
    }

    let db = driver::open().await;
    let tries = AtomicU32::new(0);
    swallows(&mut db.connect().await, &tries).await.unwrap();
    assert_eq!(tries.into_inner(), 2);
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
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

    let db = driver::open().await;
    let journal = Journal::default();
    outer(&mut db.connect().await, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1", "3"]);
    assert_eq!(db.committed().await, [1, 3]);
}

/// Ends the session of a connection from another one, and returns when it is gone.
async fn end_session(conn: &mut Connection, db: &Database) {
    static ENDED: AtomicU32 = AtomicU32::new(0);
    let number = ENDED.fetch_add(1, Ordering::Relaxed);
    let name = format!("ended_{}_{number}", std::process::id());
    let statement = format!("SET application_name = '{name}'");
    driver::execute(conn, &statement).await.unwrap();
    let statement = format!(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
         WHERE application_name = '{name}'"
    );
    let mut other = db.connect().await;
    driver::execute(&mut other, &statement).await.unwrap();
}

#[crate::driver::test]
async fn after_a_session_that_has_ended_under_a_body_that_fails_everything_is_known_undone() {
    #[commit_on_success]
    async fn fails_when_ended(
        conn: &mut Connection,
        db: &Database,
        journal: &Journal,
    ) -> Result<(), Failure> {
        let theirs = journal.clone();
        signals::post_rollback()
            .connect(move |_| theirs.note("undone"))
            .unwrap();
        store(conn, 1, journal).await?;
        end_session(conn, db).await;
        Err(Failure::body("mine"))
    }

    #[commit_on_success(tx = driver::source(pool))]
    async fn of_pool(pool: &Pool, db: &Database, journal: &Journal) -> Result<(), Failure> {
        fails_when_ended(tx, db, journal).await
    }

    let db = driver::open().await;
    observe();
    let journal = Journal::default();
    let failed = fails_when_ended(&mut db.connect().await, &db, &journal).await;
    assert_eq!(&*failed.unwrap_err().into_body(), "mine");
    assert_eq!(journal.entries(), ["undone"]);
    let pool = db.pool(1).await;
    let failed = of_pool(&pool, &db, &Journal::default()).await;
    assert_eq!(&*failed.unwrap_err().into_body(), "mine");
    assert!(!observed("fails_when_ended").contains(&"unknown".to_owned()));
    assert!(!observed("of_pool").contains(&"unknown".to_owned()));
    // The pool has replaced it.
    let mut conn = driver::take(&pool).await;
    store(&mut conn, 3, &journal).await.unwrap();
    assert_eq!(db.committed().await, [3]);
}

#[crate::driver::test]
async fn a_rollback_that_was_asked_for_has_happened_when_the_session_has_ended() {
    #[commit_on_success]
    async fn asks(conn: &mut Connection, db: &Database, journal: &Journal) -> Result<u32, Failure> {
        let theirs = journal.clone();
        signals::post_rollback()
            .connect(move |_| theirs.note("undone"))
            .unwrap();
        store(conn, 1, journal).await?;
        end_session(conn, db).await;
        set_rollback().unwrap();
        Ok(7)
    }

    let db = driver::open().await;
    let journal = Journal::default();
    let value = asks(&mut db.connect().await, &db, &journal).await;
    assert_eq!(value.unwrap(), 7);
    assert_eq!(journal.entries(), ["undone"]);
    assert!(db.committed().await.is_empty());
}

/// The block around it is told at its own end.
#[crate::driver::test]
async fn a_nested_block_whose_session_has_ended_is_known_undone_with_all_around_it() {
    #[commit_on_success]
    async fn nested(conn: &mut Connection, db: &Database, fails: bool) -> Result<(), Failure> {
        driver::insert(conn, 2).await?;
        end_session(conn, db).await;
        if fails {
            Err(Failure::body("mine"))
        } else {
            Ok(())
        }
    }

    #[commit_on_success]
    async fn outer(
        conn: &mut Connection,
        db: &Database,
        fails: bool,
        journal: &Journal,
    ) -> Result<(), Failure> {
        store(conn, 1, journal).await?;
        let failed = nested(conn, db, fails).await.unwrap_err();
        match failed {
            Failure::Body(text) => assert_eq!((fails, &*text), (true, "mine")),
            other => {
                let error = other.into_transaction();
                assert_eq!(error.outcome(), Outcome::RolledBack, "{error:?}");
            }
        }
        Ok(())
    }

    let db = driver::open().await;
    for fails in [true, false] {
        let journal = Journal::default();
        let done = outer(&mut db.connect().await, &db, fails, &journal).await;
        let error = done.unwrap_err().into_transaction();
        assert_eq!(error.outcome(), Outcome::RolledBack, "{error:?}");
        assert!(journal.entries().is_empty());
        assert!(db.committed().await.is_empty());
    }
}

#[crate::driver::test]
async fn a_deferred_constraint_is_checked_where_a_test_never_commits() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let mut block = (&mut conn).acquire_session().await.unwrap();
    block.begin(&Options::new()).await.unwrap();
    driver::insert(block.handle(), 1).await.unwrap();
    let kept = "INSERT INTO child VALUES (1), (2)";
    driver::execute(block.handle(), kept).await.unwrap();
    driver::execute(block.handle(), "SAVEPOINT here")
        .await
        .unwrap();
    let refused = block.check().await.unwrap_err();
    let CommitError::Refused(error) = refused else {
        panic!("{refused:?}");
    };
    let error: &DriverError = error.downcast_ref().unwrap();
    assert!(is_of_a_foreign_key(error), "{error:?}");
    let back = "ROLLBACK TO SAVEPOINT here";
    driver::execute(block.handle(), back).await.unwrap();
    driver::insert(block.handle(), 2).await.unwrap();
    block.check().await.unwrap();
    // The constraint is deferred again, and the transaction as it was.
    let orphan = "INSERT INTO child VALUES (3)";
    driver::execute(block.handle(), orphan).await.unwrap();
    driver::insert(block.handle(), 3).await.unwrap();
    block.check().await.unwrap();
    block.commit().await.unwrap();
    assert_eq!(db.committed().await, [1, 2, 3]);
}

fn is_of_a_foreign_key(error: &DriverError) -> bool {
    let kind = DatabaseErrorKind::ForeignKeyViolation;
    matches!(error, DriverError::DatabaseError(found, _) if *found == kind)
}

#[crate::driver::test]
async fn a_check_tells_a_transaction_that_has_failed_from_one_that_is_not_there() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let mut block = (&mut conn).acquire_session().await.unwrap();
    block.begin(&Options::new()).await.unwrap();
    driver::execute(block.handle(), "nonsense")
        .await
        .unwrap_err();
    let aborted = block.check().await.unwrap_err();
    assert!(matches!(aborted, CommitError::Aborted), "{aborted:?}");
    driver::execute(block.handle(), "ROLLBACK").await.unwrap();
    let ended = block.check().await.unwrap_err();
    assert!(matches!(ended, CommitError::Ended), "{ended:?}");
}

mod limits {
    use std::sync::atomic::{AtomicU32, Ordering};

    use commit_on_success::{ErrorKind, Outcome, commit_on_success, signals};
    use commit_on_success_tests::errors::source_of;

    use super::{SERIALIZATION_FAILURE, end_session, store, with_trigger};
    use crate::driver::{self, Connection, Database, DriverError};
    use crate::support::{Failure, Journal};

    #[crate::driver::test]
    async fn the_error_of_a_deferred_trigger_is_that_of_a_commit_of_which_nothing_is_known() {
        let db = with_trigger().await;
        let mut conn = db.connect().await;
        let journal = Journal::default();
        let error = store(&mut conn, 13, &journal).await.unwrap_err();
        let error = error.into_transaction();
        assert_eq!(error.kind(), ErrorKind::Unknown, "{error:?}");
        let source = source_of(&error);
        assert_eq!(source.to_string(), "bad luck");
        assert_eq!(driver::depth(&mut conn), None);
        store(&mut conn, 2, &journal).await.unwrap();
        assert_eq!(journal.entries(), ["2"]);
        assert_eq!(db.committed().await, [2]);
    }

    /// The `COMMIT` is sent to nobody, and diesel does not tell this from an answer that was lost.
    #[crate::driver::test]
    async fn what_became_of_a_block_whose_session_has_ended_before_its_commit_is_unknown() {
        #[commit_on_success]
        async fn goes_on(
            conn: &mut Connection,
            db: &Database,
            journal: &Journal,
        ) -> Result<(), Failure> {
            let theirs = journal.clone();
            signals::post_rollback()
                .connect(move |_| theirs.note("undone"))
                .unwrap();
            store(conn, 1, journal).await?;
            end_session(conn, db).await;
            Ok(())
        }

        let db = driver::open().await;
        let journal = Journal::default();
        let done = goes_on(&mut db.connect().await, &db, &journal).await;
        let error = done.unwrap_err().into_transaction();
        assert_eq!(error.outcome(), Outcome::Unknown, "{error:?}");
        assert!(journal.entries().is_empty());
        assert!(db.committed().await.is_empty());
    }

    #[crate::driver::test]
    async fn a_deadlock_is_not_worth_another_attempt() {
        #[commit_on_success(conn, attempts = 3)]
        async fn fails(conn: &mut Connection, tries: &AtomicU32) -> Result<(), Failure> {
            tries.fetch_add(1, Ordering::Relaxed);
            let deadlock = "DO $$ BEGIN RAISE EXCEPTION 'others' USING ERRCODE = '40P01'; END $$";
            Ok(driver::execute(conn, deadlock).await?)
        }

        let db = driver::open().await;
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

    #[crate::driver::test]
    async fn an_error_behind_a_transparent_one_is_not_seen() {
        #[commit_on_success(conn, attempts = 3)]
        async fn fails(conn: &mut Connection, tries: &AtomicU32) -> Result<(), Transparent> {
            tries.fetch_add(1, Ordering::Relaxed);
            Ok(driver::execute(conn, SERIALIZATION_FAILURE).await?)
        }

        let db = driver::open().await;
        let tries = AtomicU32::new(0);
        let failed = fails(&mut db.connect().await, &tries).await;
        assert!(matches!(failed, Err(Transparent::Driver(_))), "{failed:?}");
        assert_eq!(tries.into_inner(), 1);
    }
}
