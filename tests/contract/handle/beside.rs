//! Blocks that a handle would be outside of, although it is of the same pool.

use commit_on_success::{commit_on_success, transaction};

use super::*;
use crate::driver::{Connection, Pool};

#[commit_on_success(tx = pool)]
async fn on_the_pool(pool: &Pool, db: &Handle) -> Result<(), Failure> {
    driver::insert(tx, 1).await?;
    insert(db, 2).await?;
    Ok(())
}

#[commit_on_success]
async fn on_a_connection(conn: &mut Connection, db: &Handle) -> Result<(), Failure> {
    driver::insert(conn, 1).await?;
    insert(db, 2).await?;
    Ok(())
}

#[crate::driver::test]
async fn a_block_on_the_pool_itself_refuses_the_handle() {
    let db = driver::open().await;
    let pool = db.pool(2).await;
    let handle = Db::new(pool.clone());
    let refused = on_the_pool(&pool, &handle).await.unwrap_err();
    assert_eq!(kind(&refused), ErrorKind::BesideBlock);
    assert!(
        Error::find(&refused)
            .unwrap()
            .to_string()
            .contains("`on_the_pool`")
    );
    let refused: Result<(), Failure> = transaction!(async tx = &pool => {
        driver::insert(tx, 1).await?;
        let begun = block(&handle, 2, true).await;
        assert_eq!(kind(&handle.acquire().await.unwrap_err()), ErrorKind::BesideBlock);
        begun
    });
    assert_eq!(kind(&refused.unwrap_err()), ErrorKind::BesideBlock);
    assert_eq!(db.committed().await, [0; 0]);
    assert!(is_clean(&handle, &[]).await);
}

#[crate::driver::test]
async fn a_block_on_a_connection_of_nobody_knows_which_pool_refuses_the_handle() {
    let db = driver::open().await;
    let pool = db.pool(2).await;
    let handle = Db::new(pool.clone());
    let refused = on_a_connection(&mut pool.acquire().await.unwrap(), &handle).await;
    assert_eq!(kind(&refused.unwrap_err()), ErrorKind::BesideBlock);
    let mut by_hand = pool.begin().await.unwrap();
    let refused = on_a_connection(&mut by_hand, &handle).await;
    assert_eq!(kind(&refused.unwrap_err()), ErrorKind::BesideBlock);
    by_hand.rollback().await.unwrap();
    assert_eq!(db.committed().await, [0; 0]);
}

#[crate::driver::test]
async fn the_pool_of_the_handle_is_outside_on_purpose() {
    let db = driver::open().await;
    let handle = db.handle(2).await;
    let stored: Result<(), Failure> = transaction!(async tx = &handle => {
        insert(tx, 1).await?;
        let outside = sqlx::query_scalar::<_, i64>("SELECT id FROM item");
        assert_eq!(outside.fetch_all(tx.pool()).await?, [0; 0]);
        assert_eq!(rows(tx).await?, [1]);
        Ok(())
    });
    stored.unwrap();
    assert_eq!(db.committed().await, [1]);
}

#[crate::driver::test]
async fn a_block_of_another_database_is_none_of_the_handles() {
    let (db, other) = (driver::open().await, driver::open().await);
    let (handle, other_pool) = (db.handle(1).await, other.pool(1).await);
    let other_handle = Db::new(other_pool.clone());
    let both: Result<(), Failure> = transaction!(async tx = &handle => {
        insert(tx, 1).await?;
        let inner: Result<(), Failure> = transaction!(async other = &other_handle => {
            insert(other, 2).await?;
            // The innermost block of the handle is found behind that of the other one.
            insert(&handle, 3).await?;
            Ok(())
        });
        inner
    });
    both.unwrap();
    assert_eq!(db.committed().await, [1, 3]);
    assert_eq!(other.committed().await, [2]);
    // One on a pool of which there is no handle.
    let without = other.pool(1).await;
    let both: Result<(), Failure> = transaction!(async tx = &without => {
        driver::insert(tx, 4).await?;
        insert(&handle, 5).await?;
        Err(Failure::body("without"))
    });
    both.unwrap_err();
    assert_eq!(
        (db.committed().await, other.committed().await),
        (vec![1, 3, 5], vec![2])
    );
}

#[crate::driver::test]
async fn blocks_on_the_pool_are_as_ever_once_there_is_no_handle() {
    let db = driver::open().await;
    let pool = db.pool(2).await;
    drop(Db::new(pool.clone()));
    let handle = db.handle(1).await;
    let stored: Result<(), Failure> = transaction!(async tx = &pool => {
        driver::insert(tx, 1).await?;
        assert_eq!(rows(&handle).await?, [0; 0]);
        Ok(())
    });
    stored.unwrap();
    assert_eq!(db.committed().await, [1]);
}
