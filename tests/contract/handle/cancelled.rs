//! Futures that are dropped at each point where they wait, with one connection for everybody.

use commit_on_success::{commit_on_success, transaction};
use commit_on_success_tests::polling::drop_at_pending;
use futures_util::join;

use super::*;

#[commit_on_success(tx = db)]
async fn writes_much(db: &Handle) -> Result<(), Failure> {
    insert(db, 1).await?;
    block(db, 2, true).await?;
    let (one, other) = join!(block(db, 3, true), insert(db, 4));
    one?;
    other?;
    let _ = block(db, 5, false).await;
    Ok(())
}

#[crate::driver::test]
async fn a_block_that_is_dropped_stores_everything_or_nothing() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let mut completed = false;
    let mut point = 0;
    while !completed {
        completed = drop_at_pending(writes_much(&handle), point).await.is_some();
        let stored = rows(&handle).await.unwrap();
        assert!(
            stored == [1, 2, 3, 4] || stored.is_empty(),
            "{point}: {stored:?}"
        );
        assert!(completed <= !stored.is_empty());
        assert!(is_clean(&handle, &stored).await);
        clear(&handle).await;
        point += 1;
        assert!(point < 1000);
    }
    assert!(point > 1);
}

#[crate::driver::test]
async fn a_nested_block_that_is_dropped_dooms_the_one_around_it() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let mut completed = false;
    let mut point = 0;
    while !completed {
        let around: Result<(), Failure> = transaction!(async tx = &handle => {
            insert(tx, 1).await?;
            completed = drop_at_pending(block(tx, 2, true), point).await.is_some();
            let _ = insert(tx, 3).await;
            Ok(())
        });
        let stored = rows(&handle).await.unwrap();
        match around {
            Ok(()) => assert!(
                stored == [1, 2, 3] || stored == [1, 3],
                "{point}: {stored:?}"
            ),
            Err(_) => assert_eq!(stored, [0; 0], "{point}"),
        }
        assert!(is_clean(&handle, &stored).await);
        clear(&handle).await;
        point += 1;
    }
}

#[crate::driver::test]
async fn a_statement_that_is_dropped_leaves_the_connection_to_the_next() {
    let db = driver::open().await;
    let handle = db.handle(1).await;
    let mut completed = false;
    let mut point = 0;
    while !completed {
        let around: Result<(), Failure> = transaction!(async tx = &handle => {
            completed = drop_at_pending(insert(tx, 1), point).await.is_some();
            insert(tx, 2).await?;
            Ok(())
        });
        around.unwrap();
        let stored = rows(&handle).await.unwrap();
        assert!(
            stored == [1, 2] || (stored == [2] && !completed),
            "{point}: {stored:?}"
        );
        clear(&handle).await;
        point += 1;
    }
}
