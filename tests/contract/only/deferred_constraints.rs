//! Constraints that are checked at `COMMIT`, in transactions of tests, which are never committed.

use commit_on_success::testing::AsyncTestTransaction;
use commit_on_success::{
    AsyncBegin, AsyncTransaction, CommitError, ErrorKind, Options, Outcome, Session,
    commit_on_success, defer,
};

use crate::driver::{self, Connection};
use crate::support::{Failure, Journal};

const ORPHAN: &str = "INSERT INTO child (item) VALUES (42)";

#[commit_on_success]
async fn store_orphan(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
    driver::execute(conn, ORPHAN).await?;
    defer!(journal.clone().note("orphan"));
    Ok(())
}

#[commit_on_success]
async fn adopt(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
    // Only the end of this block is what a commit would be.
    store_orphan(conn, journal).await?;
    driver::insert(conn, 42).await?;
    defer!(journal.clone().note("parent"));
    Ok(())
}

#[crate::driver::test]
async fn in_a_transaction_of_a_test_a_violated_constraint_is_refused_as_at_a_commit() {
    let db = driver::open().await;
    let (pool, journal) = (db.pool(1).await, Journal::default());
    let begun = AsyncTestTransaction::begin(driver::source(&pool)).await;
    let mut test = begun.unwrap();
    let refused = store_orphan(test.connection(), &journal).await;
    let error = refused.unwrap_err().into_transaction();
    assert_eq!(error.kind(), ErrorKind::Commit, "{error:?}");
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert!(journal.entries().is_empty());
    adopt(test.connection(), &journal).await.unwrap();
    assert_eq!(journal.entries(), ["orphan", "parent"]);
    test.rollback().await.unwrap();
    assert!(db.committed().await.is_empty());
}

/// The driver alone is asked.
#[crate::driver::test]
async fn in_a_transaction_of_a_test_a_check_leaves_everything_as_it_was() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
    let acquired = AsyncBegin::acquire_session(driver::source(&pool)).await;
    let mut transaction = acquired.unwrap();
    transaction.begin(&Options::new()).await.unwrap();
    transaction.check().await.unwrap();
    // Still deferred.
    let orphan = driver::execute(transaction.handle(), ORPHAN).await;
    orphan.unwrap();
    driver::insert(transaction.handle(), 42).await.unwrap();
    transaction.check().await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(db.committed().await, [42]);

    transaction.begin(&Options::new()).await.unwrap();
    let orphan = driver::execute(transaction.handle(), "DELETE FROM item").await;
    orphan.unwrap();
    let refused = transaction.check().await.unwrap_err();
    assert!(matches!(refused, CommitError::Refused(_)), "{refused:?}");
    transaction.rollback().await.unwrap();
    assert_eq!(db.committed().await, [42]);
}
