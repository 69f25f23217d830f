//! The transaction of a test that is begun with a handle: everything that any task does by it is in there, and is never kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use commit_on_success::testing::AsyncTestTransaction;
use commit_on_success::transaction;
use commit_on_success_tests::polling::drop_at_pending;
use sqlx::Executor as _;

use super::*;

/// A request of a server: two rows in a block, one of them in a savepoint, one outside, and a call after the commit.
async fn request(db: Handle, number: i64, sent: Arc<AtomicUsize>) -> Result<(), Failure> {
    let first = number * 10;
    let stored: Result<(), Failure> = transaction!(async tx = &db => {
        insert(tx, first).await?;
        driver::pause().await;
        block(tx, first + 1, true).await?;
        block(tx, first + 2, false).await.unwrap_err();
        let copy = db.clone();
        defer!(confirm(copy, first + 3, sent).await);
        Ok(())
    });
    stored?;
    insert(&db, first + 4).await?;
    Ok(())
}

async fn confirm(db: Handle, id: i64, sent: Arc<AtomicUsize>) -> sqlx::Result<()> {
    sent.fetch_add(1, Ordering::Relaxed);
    insert(&db, id).await
}

#[crate::driver::test]
async fn requests_side_by_side_are_all_in_it() {
    let db = driver::open().await;
    let handle = db.handle(2).await;
    let test = AsyncTestTransaction::begin(&handle).await.unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let requests: Vec<_> = (0..20)
        .map(|number| tokio::spawn(request(handle.clone(), number, Arc::clone(&sent))))
        .collect();
    for request in requests {
        request.await.unwrap().unwrap();
    }
    let expected: Vec<i64> = (0..20)
        .flat_map(|number| [0, 1, 3, 4].map(|row| number * 10 + row))
        .collect();
    assert_eq!(rows(&handle).await.unwrap(), expected);
    assert_eq!(sent.load(Ordering::Relaxed), 20);
    assert_eq!(db.committed().await, [0; 0]);
    test.rollback().await.unwrap();
    assert_eq!(db.committed().await, [0; 0]);
    assert!(is_clean(&handle, &[]).await);
}

#[crate::driver::test]
async fn a_statement_that_fails_outside_of_a_block_does_no_harm() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let mut test = AsyncTestTransaction::begin(&handle).await.unwrap();
    insert(test.connection(), 1).await.unwrap();
    insert(&handle, 1).await.unwrap_err();
    handle.execute("NO SUCH STATEMENT").await.unwrap_err();
    block(&handle, 2, true).await.unwrap();
    assert_eq!(rows(&handle).await.unwrap(), [1, 2]);
    test.settle().await.unwrap();
    insert(&handle, 3).await.unwrap();
    assert_eq!(rows(&handle).await.unwrap(), [1, 2, 3]);
    test.rollback().await.unwrap();
    assert!(is_clean(&handle, &[]).await);
}

#[crate::driver::test]
async fn another_handle_is_not_in_it() {
    let db = driver::open().await;
    let pool = db.pool(2).await;
    let (inside, outside) = (Db::new(pool.clone()), Db::new(pool));
    let test = AsyncTestTransaction::begin(&inside).await.unwrap();
    assert_eq!(rows(&outside).await.unwrap(), [0; 0]);
    insert(&inside, 1).await.unwrap();
    assert_eq!(rows(&outside).await.unwrap(), [0; 0]);
    drop(test);
    insert(&inside, 2).await.unwrap();
    assert_eq!(db.committed().await, [2]);
}

#[crate::driver::test]
async fn a_handle_that_requires_a_transaction_does_so_in_a_test() {
    let db = driver::open().await;
    let handle = Db::required(db.pool(1).await);
    let test = AsyncTestTransaction::begin(&handle).await.unwrap();
    let refused = insert(&handle, 1).await.unwrap_err();
    assert_eq!(kind(&refused), ErrorKind::NotInTransaction);
    block(&handle, 2, true).await.unwrap();
    test.rollback().await.unwrap();
}

#[crate::driver::test]
async fn a_request_that_is_dropped_is_undone() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let mut test = AsyncTestTransaction::begin(&handle).await.unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let mut point = 0;
    let mut completed = false;
    while !completed {
        let request = request(handle.clone(), 1, Arc::clone(&sent));
        completed = drop_at_pending(request, point).await.is_some();
        test.settle().await.unwrap();
        let stored = rows(&handle).await.unwrap();
        // A call that was lost with its future has not run.
        let kinds: [&[i64]; 4] = [&[], &[10, 11], &[10, 11, 13], &[10, 11, 13, 14]];
        assert!(kinds.contains(&&stored[..]), "{point}: {stored:?}");
        assert!(!completed || stored == [10, 11, 13, 14]);
        handle.execute("DELETE FROM item").await.unwrap();
        point += 1;
    }
    assert!(point > 1);
    test.rollback().await.unwrap();
    assert!(is_clean(&handle, &[]).await);
}
