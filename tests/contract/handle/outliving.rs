//! Statements, streams, leases and blocks that go on after the block in which they were begun.

use std::pin::Pin;
use std::sync::Mutex;
use std::time::Instant;

use commit_on_success::drivers::sqlx::Lease;
use commit_on_success::{Outcome, transaction};
use commit_on_success_tests::polling::poll_once;
use futures_util::TryStreamExt;

use super::*;

type Late<'f> = Pin<Box<dyn Future<Output = sqlx::Result<()>> + Send + 'f>>;

#[crate::driver::test]
async fn a_statement_that_outlives_its_block_is_refused() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let late = Mutex::new(None);
    let first: Result<(), Failure> = transaction!(async tx = &handle => {
        let lease = tx.acquire().await?;
        let mut statement: Late<'_> = Box::pin(insert(&handle, 2));
        assert!(poll_once(statement.as_mut()).is_pending());
        *late.lock().unwrap() = Some(statement);
        drop(lease);
        Ok(())
    });
    first.unwrap();
    let statement = late.lock().unwrap().take().unwrap();
    assert_eq!(kind(&statement.await.unwrap_err()), ErrorKind::Outlived);
    assert_eq!(db.committed().await, [0; 0]);
    assert!(is_clean(&handle, &[]).await);
}

#[crate::driver::test]
async fn rows_that_are_read_after_the_block_are_refused() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let late = Mutex::new(None);
    let read: Result<(), Failure> = transaction!(async tx = &handle => {
        insert(tx, 1).await?;
        *late.lock().unwrap() = Some(sqlx::query("SELECT id FROM item").fetch(&handle));
        Ok(())
    });
    read.unwrap();
    let mut rows = late.lock().unwrap().take().unwrap();
    assert_eq!(
        kind(&rows.try_next().await.unwrap_err()),
        ErrorKind::Outlived
    );
}

#[crate::driver::test]
async fn a_lease_that_outlives_its_block_refuses_the_commit() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let kept: Mutex<Option<Lease<dialect::Db>>> = Mutex::new(None);
    let began = Instant::now();
    let refused: Result<(), Failure> = transaction!(async tx = &handle => {
        insert(tx, 1).await?;
        *kept.lock().unwrap() = Some(tx.acquire().await?);
        Ok(())
    });
    let refused = refused.unwrap_err();
    let refusal = Error::find(&refused).unwrap();
    assert_ne!(refusal.outcome(), Outcome::Committed);
    assert!(began.elapsed() > Duration::from_millis(900));
    let mut lease = kept.lock().unwrap().take().unwrap();
    let _ = driver::insert(&mut lease, 2).await;
    drop(lease);
    assert!(is_clean(&handle, &[]).await);
    assert_eq!(db.committed().await, [0; 0]);
}

#[crate::driver::test]
async fn a_block_that_outlives_the_one_around_it_stores_nothing() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let late = Mutex::new(None);
    let around: Result<(), Failure> = transaction!(async tx = &handle => {
        let mut inner: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(async {
            let inner: Result<(), Failure> = transaction!(async tx = &handle => {
                insert(tx, 2).await?;
                driver::pause().await;
                std::future::pending::<()>().await;
                Ok(())
            });
            inner
        });
        insert(tx, 1).await?;
        let begun = tokio::time::timeout(Duration::from_millis(200), inner.as_mut()).await;
        assert!(begun.is_err());
        *late.lock().unwrap() = Some(inner);
        Ok(())
    });
    drop(late.lock().unwrap().take());
    let stored = db.committed().await;
    match around {
        Ok(()) => panic!("an open savepoint was stored: {stored:?}"),
        Err(refused) => assert_ne!(Error::find(&refused).unwrap().outcome(), Outcome::Committed),
    }
    assert_eq!(stored, [0; 0]);
    assert!(is_clean(&handle, &[]).await);
}
