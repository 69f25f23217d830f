//! What the annotated function may return its errors as.

use commit_on_success::{BoxError, Error, ErrorKind, Outcome, commit_on_success, defer};

use crate::driver::{self, Connection, DriverError};
use crate::support::{Journal, fail};

#[commit_on_success]
async fn driver_error(conn: &mut Connection, id: i64) -> Result<(), DriverError> {
    driver::insert(conn, id).await
}

#[commit_on_success]
async fn boxed(conn: &mut Connection, id: i64) -> Result<(), Box<dyn std::error::Error>> {
    driver::insert(conn, id).await?;
    Ok(())
}

#[commit_on_success]
async fn boxed_and_send(conn: &mut Connection, id: i64) -> Result<(), BoxError> {
    driver::insert(conn, id).await?;
    Ok(())
}

#[commit_on_success]
async fn with_anyhow(conn: &mut Connection, id: i64) -> anyhow::Result<()> {
    driver::insert(conn, id).await?;
    Ok(())
}

#[commit_on_success]
async fn of_ours(conn: &mut Connection) -> Result<(), Error> {
    driver::rows(conn).await.unwrap();
    defer!(fail("ours"));
    Ok(())
}

#[crate::driver::test]
async fn every_error_type_commits_and_rolls_back() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    driver_error(&mut conn, 1).await.unwrap();
    driver_error(&mut conn, 1).await.unwrap_err();
    boxed(&mut conn, 2).await.unwrap();
    let error = boxed(&mut conn, 2).await.unwrap_err();
    assert!(error.is::<DriverError>());
    boxed_and_send(&mut conn, 3).await.unwrap();
    let error = boxed_and_send(&mut conn, 3).await.unwrap_err();
    assert!(error.is::<DriverError>());
    with_anyhow(&mut conn, 4).await.unwrap();
    let error = with_anyhow(&mut conn, 4).await.unwrap_err();
    assert!(error.is::<DriverError>());
    let error = of_ours(&mut conn).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Committed);
    assert_eq!(db.committed().await, [1, 2, 3, 4]);
}

#[crate::driver::test]
async fn the_outcome_is_found_in_every_error_type() {
    #[commit_on_success]
    async fn driver_error(conn: &mut Connection) -> Result<(), DriverError> {
        defer!(fail("after the commit"));
        driver::insert(conn, 1).await
    }

    #[commit_on_success]
    async fn boxed(conn: &mut Connection) -> Result<(), Box<dyn std::error::Error>> {
        driver::insert(conn, 2).await?;
        defer!(fail("after the commit"));
        Ok(())
    }

    #[commit_on_success]
    async fn with_anyhow(conn: &mut Connection) -> anyhow::Result<()> {
        driver::insert(conn, 3).await?;
        defer!(fail("after the commit"));
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let error = driver_error(&mut conn).await.unwrap_err();
    assert_eq!(Error::find(&error).unwrap().outcome(), Outcome::Committed);
    let error = boxed(&mut conn).await.unwrap_err();
    assert_eq!(Error::find(&*error).unwrap().outcome(), Outcome::Committed);
    let error = with_anyhow(&mut conn).await.unwrap_err();
    let found = error.downcast_ref::<Error>().unwrap();
    assert_eq!(found.outcome(), Outcome::Committed);
    assert_eq!(Error::find(error.as_ref()).unwrap().failures().len(), 1);
    assert_eq!(db.committed().await, [1, 2, 3]);
}

#[crate::driver::test]
async fn a_transaction_that_has_ended_is_found_in_a_drivers_error() {
    #[commit_on_success]
    async fn ends(conn: &mut Connection, journal: &Journal) -> Result<(), DriverError> {
        defer!(journal.clone().note("never"));
        driver::execute(conn, "COMMIT").await
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let error = ends(&mut conn, &journal).await.unwrap_err();
    let found = Error::find(&error).unwrap();
    assert_eq!(found.kind(), ErrorKind::Ended, "{found:?}");
    assert!(journal.entries().is_empty());
}
