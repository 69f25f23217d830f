//! Bodies that panic.

use std::panic::panic_any;

use commit_on_success::{commit_on_success, defer, in_transaction, pending};

use crate::driver::{self, Connection, Pool};
use crate::support::{Failure, Journal};

#[derive(Debug, PartialEq)]
struct Payload(u32);

#[commit_on_success]
async fn store_and_panic(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, 1).await?;
    defer!(journal.clone().note("never"));
    panic_any(Payload(7));
}

#[commit_on_success]
async fn store(conn: &mut Connection, id: i64, journal: &Journal) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    defer!(journal.clone().note(id.to_string()));
    Ok(())
}

#[crate::driver::test]
async fn a_panic_rolls_back_and_goes_on_with_the_same_payload() {
    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let payload = driver::caught!(store_and_panic(&mut conn, &journal)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&Payload(7)));
    assert!(!in_transaction());
    assert_eq!(pending(), 0);
    assert!(journal.entries().is_empty());
    assert_eq!(journal.owners(), 1);
    // What somebody else sees would be the same while the transaction is open.
    assert!(driver::rows(&mut conn).await.unwrap().is_empty());
    store(&mut conn, 2, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["2"]);
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn a_panic_in_an_inner_block_rolls_back_all_levels() {
    #[commit_on_success]
    async fn outer(conn: &mut Connection, journal: &Journal) -> Result<(), Failure> {
        defer!(journal.clone().note("never"));
        store(conn, 3, journal).await?;
        store_and_panic(conn, journal).await
    }

    let db = driver::open().await;
    let mut conn = db.connect().await;
    let journal = Journal::default();
    let payload = driver::caught!(outer(&mut conn, &journal)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&Payload(7)));
    assert!(!in_transaction());
    assert!(journal.entries().is_empty());
    assert!(driver::rows(&mut conn).await.unwrap().is_empty());
    store(&mut conn, 2, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["2"]);
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn a_pool_of_one_is_clean_after_a_panic() {
    #[commit_on_success(tx = driver::source(pool))]
    async fn panics(pool: &Pool) -> Result<(), Failure> {
        driver::insert(tx, 1).await?;
        panic_any(Payload(8));
    }

    #[commit_on_success(tx = driver::source(pool))]
    async fn stores(pool: &Pool, journal: &Journal) -> Result<(), Failure> {
        assert!(driver::rows(tx).await?.is_empty());
        store(tx, 2, journal).await
    }

    let db = driver::open().await;
    let pool = db.pool(1).await;
    let journal = Journal::default();
    let payload = driver::caught!(panics(&pool)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&Payload(8)));
    stores(&pool, &journal).await.unwrap();
    assert_eq!(journal.entries(), ["2"]);
    assert_eq!(db.committed().await, [2]);
}
