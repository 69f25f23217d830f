//! MariaDB and MySQL alone: data definition commits, and a deadlock rolls everything back.

use commit_on_success::{Error, ErrorKind, Outcome, commit_on_success, defer};
use commit_on_success_tests::errors::assert_kind;
use tokio::sync::oneshot;

use crate::dialect;
use crate::driver::{self, Connection, Database, DriverError, Pool};
use crate::support::{Failure, Journal, observe, observed};

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    if id % 2 == 0 {
        Err(Failure::body("even"))
    } else {
        Ok(())
    }
}

const DEFINITION: &str = "CREATE TABLE other (id BIGINT PRIMARY KEY)";

#[crate::driver::test]
async fn data_definition_in_the_body_is_an_error_and_no_call_runs() {
    #[commit_on_success(tx = pool)]
    async fn defines(pool: &Pool, journal: &Journal) -> Result<(), Failure> {
        driver::insert(tx, 1).await?;
        defer!(journal.clone().note("never"));
        driver::execute(tx, DEFINITION).await?;
        driver::insert(tx, 2).await?;
        Ok(())
    }

    #[commit_on_success(tx = pool)]
    async fn stores(pool: &Pool, id: i64, journal: &Journal) -> Result<(), Failure> {
        store(tx, id, journal).await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let error = defines(&pool, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_kind(&error, ErrorKind::Ended, "defines");
    assert_ne!(error.outcome(), Outcome::Committed);
    assert!(journal.entries().is_empty());
    assert_eq!(db.committed().await, [1, 2]);
    stores(&pool, 3, &journal).await.unwrap();
    stores(&pool, 4, &journal).await.unwrap_err();
    assert_eq!(journal.entries(), ["3"]);
    assert_eq!(db.committed().await, [1, 2, 3]);
}

#[crate::driver::test]
async fn data_definition_in_an_inner_block_is_an_error_of_the_inner_and_of_the_outer() {
    #[commit_on_success]
    async fn defines(conn: &mut Connection) -> Result<(), Failure> {
        driver::execute(conn, DEFINITION).await?;
        Ok(())
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        store(conn, 1, journal).await?;
        let error = defines(conn).await.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = outer(&mut conn, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_ne!(error.outcome(), Outcome::Committed);
    assert!(journal.entries().is_empty());
    store(&mut conn, 3, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["3"]);
}

#[crate::driver::test]
async fn the_bodys_error_is_returned_when_data_definition_has_committed() {
    #[commit_on_success]
    async fn defines_and_fails(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        driver::execute(conn, DEFINITION).await?;
        Err(Failure::body("mine"))
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    observe();
    let error = defines_and_fails(&mut conn).await.unwrap_err();
    assert_eq!(&*error.into_body(), "mine");
    assert_eq!(observed("defines_and_fails"), ["unknown"]);
    store(&mut conn, 3, &Journal::default()).await.unwrap();
    assert_eq!(db.committed().await, [1, 3]);
}

const TOUCH_1: &str = "UPDATE item SET note = note + 1 WHERE id = 1";
const TOUCH_2: &str = "UPDATE item SET note = note + 1 WHERE id = 2";

/// Holds row 2, then wants row 1, having done so much more that the server lets it win.
async fn rival(db: Database, holds: oneshot::Sender<()>) -> Result<(), DriverError> {
    let mut conn = db.connect().await;
    driver::execute(&mut conn, "START TRANSACTION").await?;
    driver::execute(&mut conn, TOUCH_2).await?;
    for id in 100..120 {
        driver::insert(&mut conn, id).await?;
    }
    holds.send(()).unwrap();
    driver::execute(&mut conn, TOUCH_1).await?;
    driver::execute(&mut conn, "ROLLBACK").await
}

/// Runs into a deadlock with the rival, and is its victim, whoever of the two waits first.
async fn lose(conn: &mut Connection, db: &Database) -> DriverError {
    driver::execute(conn, TOUCH_1).await.unwrap();
    let (sender, receiver) = oneshot::channel();
    let rival = tokio::spawn(rival(db.clone(), sender));
    receiver.await.unwrap();
    let error = driver::execute(conn, TOUCH_2).await.unwrap_err();
    rival.await.unwrap().unwrap();
    let state = dialect::sqlstate(&error);
    assert_eq!(state.as_deref(), Some("40001"), "{error:?}");
    error
}

async fn with_two_rows() -> Database {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    driver::insert(&mut conn, 1).await.unwrap();
    driver::insert(&mut conn, 2).await.unwrap();
    db
}

#[crate::driver::test]
async fn a_deadlock_that_is_swallowed_is_an_error_and_no_call_runs() {
    #[commit_on_success(tx = pool)]
    async fn swallows(pool: &Pool, db: &Database, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("never"));
        driver::insert(tx, 3).await?;
        lose(tx, db).await;
        // Outside of any transaction, though it does not look like it.
        driver::insert(tx, 5).await?;
        Ok(())
    }

    #[commit_on_success(tx = pool)]
    async fn stores(pool: &Pool, journal: &Journal) -> Result<(), Failure> {
        store(tx, 7, journal).await
    }

    let db = with_two_rows().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let error = swallows(&pool, &db, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_kind(&error, ErrorKind::Ended, "swallows");
    assert_ne!(error.outcome(), Outcome::Committed);
    assert!(journal.entries().is_empty());
    stores(&pool, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["7"]);
    assert_eq!(db.committed().await, [1, 2, 5, 7]);
}

#[crate::driver::test]
async fn a_deadlock_in_an_inner_block_that_is_caught_is_an_error_of_the_outer() {
    #[commit_on_success]
    async fn inner(conn: &mut Connection, db: &Database) -> Result<(), Failure> {
        Err(lose(conn, db).await.into())
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, db: &Database, journal: &Journal) -> Result<(), Failure> {
        store(conn, 3, journal).await?;
        let error = inner(conn, db).await.unwrap_err();
        assert!(matches!(error, Failure::Driver(_)), "{error:?}");
        Ok(())
    }

    let db = with_two_rows().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = outer(&mut conn, &db, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_ne!(error.outcome(), Outcome::Committed);
    assert!(journal.entries().is_empty());
    store(&mut conn, 5, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["5"]);
    assert_eq!(db.committed().await, [1, 2, 5]);
}

#[crate::driver::test]
async fn the_error_of_a_deadlock_is_returned_when_it_is_passed_on() {
    #[commit_on_success]
    async fn passes_on(conn: &mut Connection, db: &Database) -> Result<(), DriverError> {
        driver::insert(conn, 3).await?;
        Err(lose(conn, db).await)
    }

    let db = with_two_rows().await;
    let mut conn = db.connect().await;
    let error = passes_on(&mut conn, &db).await.unwrap_err();
    assert!(dialect::sqlstate(&error).is_some(), "{error:?}");
    assert!(Error::find(&error).is_none());
    store(&mut conn, 5, &Journal::default()).await.unwrap();
    assert_eq!(db.committed().await, [1, 2, 5]);
}

#[crate::driver::test]
async fn a_connection_that_breaks_in_the_body_runs_nothing_and_the_pool_works() {
    #[commit_on_success(tx = pool)]
    async fn breaks(pool: &Pool, journal: &Journal, swallow: bool) -> Result<(), Failure> {
        store(tx, 1, journal).await?;
        let broken = driver::execute(tx, "KILL CONNECTION_ID()").await;
        assert!(broken.is_err());
        if !swallow {
            broken?;
        }
        Ok(())
    }

    #[commit_on_success(tx = pool)]
    async fn stores(pool: &Pool, journal: &Journal) -> Result<(), Failure> {
        store(tx, 3, journal).await
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
    assert_eq!(journal.entries(), ["3"]);
    assert_eq!(db.committed().await, [3]);
}

/// Another transaction has changed the row since the snapshot was taken: MariaDB then rolls everything back.
#[crate::driver::test]
async fn a_row_that_has_changed_since_the_snapshot_is_worth_another_attempt() {
    #[commit_on_success]
    async fn change(conn: &mut Connection) -> Result<(), Failure> {
        Ok(driver::execute(conn, "UPDATE item SET note = 10").await?)
    }

    #[commit_on_success(
        tx = driver::source(pool),
        isolation = repeatable_read,
        attempts = 3
    )]
    async fn adds(pool: &Pool, db: &Database, journal: &Journal) -> Result<(), Failure> {
        journal.note("body");
        defer!(journal.clone().note("called"));
        driver::rows(tx).await?;
        if journal.entries().len() == 1 {
            change(&mut db.connect().await).await?;
        }
        driver::execute(tx, "UPDATE item SET note = note + 1").await?;
        Ok(())
    }

    let db = driver::open().await;
    let (pool, journal) = (db.pool(1).await, Journal::default());
    let mut conn = driver::take(&pool).await;
    driver::insert(&mut conn, 1).await.unwrap();
    let isolated = driver::execute(&mut conn, "SET innodb_snapshot_isolation = ON").await;
    drop(conn);
    if isolated.is_err() {
        return;
    }
    adds(&pool, &db, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["body", "body", "called"]);
    let mut conn = db.connect().await;
    let note = driver::number(&mut conn, "SELECT CAST(note AS SIGNED) FROM item").await;
    assert_eq!(note.unwrap(), 11);
}
