//! A transaction that somebody has begun in plain SQL, behind the driver's back.

use commit_on_success::{ErrorKind, commit_on_success, defer};

use crate::dialect;
use crate::driver::{self, Connection, Pool};
use crate::support::{Failure, Journal};

#[commit_on_success(tx = driver::source(pool))]
async fn store(pool: &Pool, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(tx, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

#[crate::driver::test]
async fn what_the_last_user_of_a_pool_left_open_is_not_taken_for_the_block() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let mut conn = driver::take(&pool).await;
    driver::execute(&mut conn, "BEGIN").await.unwrap();
    driver::insert(&mut conn, 1).await.unwrap();
    drop(conn);
    store(&pool, 2, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["2"]);
    let stored = db.committed().await;
    assert!(stored == [2] || stored == dialect::AFTER_LEFT_BEHIND);
    store(&pool, 3, &journal).await.unwrap();
    assert!(db.committed().await.contains(&3));
}

/// A statement has failed in the transaction that was left.
#[crate::driver::test]
async fn a_failed_transaction_left_open_in_a_pool_does_no_harm() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let mut conn = driver::take(&pool).await;
    driver::execute(&mut conn, "BEGIN").await.unwrap();
    driver::execute(&mut conn, "nonsense").await.unwrap_err();
    drop(conn);
    store(&pool, 2, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["2"]);
    assert_eq!(db.committed().await, [2]);
}

/// Its owner may still want it, so it is not rolled back.
#[crate::driver::test]
async fn a_block_inside_a_transaction_in_plain_sql_is_refused_where_the_database_can_tell() {
    #[commit_on_success]
    async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
        driver::insert(conn, id).await?;
        defer!(journal.clone().note(id.to_string()));
        Ok(())
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    driver::execute(&mut conn, "BEGIN").await.unwrap();
    driver::insert(&mut conn, 1).await.unwrap();
    let stored = store(&mut conn, 2, &journal).await;
    if dialect::AFTER_LEFT_BEHIND == [2] {
        let error = stored.unwrap_err().into_transaction();
        assert_eq!(error.kind(), ErrorKind::Begin, "{error:?}");
        assert!(journal.entries().is_empty());
        driver::execute(&mut conn, "ROLLBACK").await.unwrap();
        assert!(db.committed().await.is_empty());
        store(&mut conn, 3, &journal).await.unwrap();
        assert_eq!(journal.entries(), ["3"]);
    } else {
        stored.unwrap();
        assert_eq!(journal.entries(), ["2"]);
        assert_eq!(db.committed().await, dialect::AFTER_LEFT_BEHIND);
    }
}
