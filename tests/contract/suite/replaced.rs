//! A body that ends the transaction and begins another one, on a driver that does not tell the two apart.

mod limits {
    use commit_on_success::{commit_on_success, defer};

    use crate::driver::{self, Connection};
    use crate::support::{Failure, Journal};

    #[commit_on_success]
    async fn replaces(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, 1).await?;
        defer!(journal.clone().note("called"));
        driver::execute(conn, "ROLLBACK").await?;
        driver::execute(conn, "BEGIN").await?;
        Ok(driver::insert(conn, 2).await?)
    }

    #[crate::driver::test]
    async fn a_transaction_that_the_body_has_put_in_the_place_of_its_own_is_committed() {
        let db = driver::open().await;
        let (mut conn, journal) = (db.connect().await, Journal::default());
        replaces(&mut conn, &journal).await.unwrap();
        assert_eq!(journal.entries(), ["called"]);
        assert_eq!(db.committed().await, [2]);
    }
}
