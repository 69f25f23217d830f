//! Bodies that end the transaction behind our back, and return `Ok`.

use commit_on_success::{ErrorKind, Outcome, commit_on_success, defer};

use crate::driver::{self, Connection, Database, Pool};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

#[commit_on_success]
async fn store_and_fail(conn: &mut Connection, id: i64) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    Err(Failure::body("no"))
}

#[commit_on_success]
async fn nest(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    store(conn, id, journal).await?;
    store_and_fail(conn, id + 1).await.unwrap_err();
    Ok(())
}

#[commit_on_success]
async fn send(
    conn: &mut Connection,
    statement: &'static str,
    journal: &Journal,
) -> Result<(), Failure> {
    defer!(journal.clone().note("never"));
    driver::insert(conn, 1).await?;
    driver::execute(conn, statement).await?;
    Ok(())
}

/// The connection is as good as new: commits, rolls back, and nests, and calls run.
async fn works(conn: &mut Connection, db: &Database, journal: &Journal) {
    let mut expected = db.committed().await;
    store(conn, 100, journal).await.unwrap();
    store_and_fail(conn, 101).await.unwrap_err();
    nest(conn, 102, journal).await.unwrap();
    expected.extend([100, 102]);
    assert_eq!(db.committed().await, expected);
    assert_eq!(journal.entries(), ["100", "102"]);
}

#[track_caller]
fn assert_ended(result: Result<(), Failure>) {
    let error = result.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Ended, "{error:?}");
    assert_ne!(error.outcome(), Outcome::Committed);
}

#[crate::driver::test]
async fn a_commit_sent_by_the_body_is_an_error_and_no_call_runs() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    assert_ended(send(&mut conn, "COMMIT", &journal).await);
    assert!(journal.entries().is_empty());
    assert_eq!(db.committed().await, [1]);
    works(&mut conn, &db, &journal).await;
}

#[crate::driver::test]
async fn a_rollback_sent_by_the_body_is_an_error_and_no_call_runs() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    assert_ended(send(&mut conn, "ROLLBACK", &journal).await);
    assert!(journal.entries().is_empty());
    assert!(db.committed().await.is_empty());
    works(&mut conn, &db, &journal).await;
}

#[crate::driver::test]
async fn a_write_after_a_commit_sent_by_the_body_does_not_hide_it() {
    #[commit_on_success]
    async fn goes_on(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("never"));
        driver::insert(conn, 1).await?;
        driver::execute(conn, "COMMIT").await?;
        driver::insert(conn, 2).await?;
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    assert_ended(goes_on(&mut conn, &journal).await);
    works(&mut conn, &db, &journal).await;
}

#[crate::driver::test]
async fn a_pool_of_one_works_after_a_commit_sent_by_the_body() {
    #[commit_on_success(tx = driver::source(pool))]
    async fn sends(pool: &Pool, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("never"));
        driver::insert(tx, 1).await?;
        driver::execute(tx, "COMMIT").await?;
        Ok(())
    }

    #[commit_on_success(tx = driver::source(pool))]
    async fn stores(pool: &Pool, id: i64, journal: &Journal) -> Result<(), Failure> {
        driver::insert(tx, id).await?;
        store(tx, id + 1, journal).await?;
        if id > 4 {
            Err(Failure::body("too big"))
        } else {
            Ok(())
        }
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    assert_ended(sends(&pool, &journal).await);
    assert!(journal.entries().is_empty());
    stores(&pool, 3, &journal).await.unwrap();
    stores(&pool, 5, &journal).await.unwrap_err();
    assert_eq!(journal.entries(), ["4"]);
    assert_eq!(db.committed().await, [1, 3, 4]);
}

#[crate::driver::test]
async fn a_statement_of_the_caller_is_stored_after_a_commit_sent_by_the_body() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    assert_ended(send(&mut conn, "COMMIT", &journal).await);
    driver::insert(&mut conn, 2).await.unwrap();
    assert_eq!(db.committed().await, [1, 2]);
}

#[crate::driver::test]
async fn a_commit_sent_by_an_inner_block_is_an_error_of_the_inner_and_of_the_outer() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("never"));
        let inner = send(conn, "COMMIT", journal).await;
        let error = inner.unwrap_err().into_transaction();
        assert_ne!(error.outcome(), Outcome::Committed);
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
    works(&mut conn, &db, &journal).await;
}

#[crate::driver::test]
async fn the_error_of_an_inner_block_that_has_ended_the_transaction_is_returned() {
    #[commit_on_success]
    async fn inner(conn: &mut Connection) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        driver::execute(conn, "ROLLBACK").await?;
        Err(Failure::body("inner"))
    }

    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("never"));
        inner(conn).await
    }

    #[commit_on_success]
    async fn catching(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("never"));
        inner(conn).await.unwrap_err();
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = outer(&mut conn, &journal).await.unwrap_err();
    assert_eq!(&*error.into_body(), "inner");
    let error = catching(&mut conn, &journal)
        .await
        .unwrap_err()
        .into_transaction();
    assert_ne!(error.outcome(), Outcome::Committed);
    assert!(journal.entries().is_empty());
    works(&mut conn, &db, &journal).await;
}

#[crate::driver::test]
async fn a_nested_block_after_a_commit_sent_by_the_body_never_commits() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        driver::execute(conn, "COMMIT").await?;
        let error = store(conn, 2, journal)
            .await
            .unwrap_err()
            .into_transaction();
        assert_ne!(error.outcome(), Outcome::Committed);
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
    works(&mut conn, &db, &journal).await;
}

#[crate::driver::test]
async fn a_transaction_that_takes_the_place_of_the_bodys_own_is_not_left_open() {
    #[commit_on_success]
    async fn replaces(
        conn: &mut Connection,
        end: &'static str,
        journal: &Journal,
    ) -> Result<(), Failure> {
        defer!(journal.clone().note("called"));
        driver::insert(conn, 1).await?;
        driver::execute(conn, end).await?;
        driver::execute(conn, "BEGIN").await?;
        Ok(driver::insert(conn, 2).await?)
    }

    for (end, kept) in [("COMMIT", &[1][..]), ("ROLLBACK", &[])] {
        let db = driver::open().await;
        let mut conn = db.connect().await;
        let journal = Journal::default();
        // A driver that tells the two apart says so; to any other it is the body's own.
        let (stored, called): (&[i64], _) = match replaces(&mut conn, end, &journal).await {
            Ok(()) => (&[2], 1),
            Err(error) => {
                assert_ne!(error.into_transaction().outcome(), Outcome::Committed);
                (&[], 0)
            }
        };
        assert_eq!(journal.entries().len(), called);
        assert_eq!(db.committed().await, [kept, stored].concat());
        works(&mut conn, &db, &Journal::default()).await;
    }
}
