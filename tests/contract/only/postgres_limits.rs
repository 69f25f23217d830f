//! A driver of PostgreSQL that does not follow the state of its connection cannot keep everything.

use commit_on_success::{commit_on_success, defer};

use crate::driver::{self, Connection};
use crate::support::{Failure, Journal};

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

#[crate::driver::test]
async fn a_transaction_in_plain_sql_that_has_not_had_a_query_ends_with_the_block() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    driver::execute(&mut conn, "BEGIN").await.unwrap();
    store(&mut conn, 1, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["1"]);
    assert_eq!(db.committed().await, [1]);
    driver::insert(&mut conn, 2).await.unwrap();
    assert_eq!(db.committed().await, [1, 2]);
}

#[crate::driver::test]
async fn a_transaction_that_the_body_has_put_in_the_place_of_its_own_is_committed() {
    #[commit_on_success]
    async fn replaces(
        conn: &mut Connection,
        end: &'static str,
        journal: &Journal,
    ) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        defer!(journal.clone().note("called"));
        driver::execute(conn, end).await?;
        Ok(driver::insert(conn, 2).await?)
    }

    for (end, stored) in [
        ("ROLLBACK; BEGIN", &[2][..]),
        ("ROLLBACK AND CHAIN", &[2]),
        ("COMMIT AND CHAIN", &[1, 2]),
    ] {
        let db = driver::open().await;
        let (mut conn, journal) = (db.connect().await, Journal::default());
        replaces(&mut conn, end, &journal).await.unwrap();
        assert_eq!(journal.entries(), ["called"]);
        assert_eq!(db.committed().await, stored);
        // Nothing stays open.
        driver::insert(&mut conn, 3).await.unwrap();
        assert_eq!(db.committed().await.last(), Some(&3));
    }
}
