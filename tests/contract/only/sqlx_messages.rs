//! sqlx with a server: a block on a pool is as many messages as the same by hand.
//!
//! A proxy counts them. The pool has one connection, which has prepared the statement before.

use std::time::Duration;

use commit_on_success::{commit_on_success, set_rollback};
use commit_on_success_tests::open;
use commit_on_success_tests::proxy::Proxy;
use sqlx::Connection as _;

use crate::driver::{self, Connection, Database, Pool};
use crate::handle_driver;
use crate::support::Failure;

/// The shape of a transaction.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Commits,
    Fails,
    TakesBack,
    Nested,
    NestedFails,
}

const ON_POOLS: [Shape; 5] = [
    Shape::Commits,
    Shape::Fails,
    Shape::TakesBack,
    Shape::Nested,
    Shape::NestedFails,
];

impl Shape {
    fn is_stored(self) -> bool {
        !matches!(self, Self::Fails | Self::TakesBack)
    }
}

async fn body(conn: &mut Connection, shape: Shape, id: i64) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    match shape {
        Shape::Commits => {}
        Shape::Fails => return Err(Failure::body("no")),
        Shape::TakesBack => set_rollback()?,
        Shape::Nested => nested(conn, shape, id + 1).await?,
        Shape::NestedFails => drop(nested(conn, shape, id + 1).await.unwrap_err()),
    }
    Ok(())
}

#[commit_on_success]
async fn nested(conn: &mut Connection, shape: Shape, id: i64) -> Result<(), Failure> {
    driver::insert(conn, id).await?;
    match shape {
        Shape::NestedFails => Err(Failure::body("no")),
        _ => Ok(()),
    }
}

#[commit_on_success(tx = pool)]
async fn on_pool(pool: &Pool, shape: Shape, id: i64) -> Result<(), Failure> {
    body(tx, shape, id).await
}

#[commit_on_success]
async fn on_connection(conn: &mut Connection, id: i64) -> Result<(), Failure> {
    body(conn, Shape::Commits, id).await
}

#[commit_on_success(tx = db)]
async fn by_a_handle(db: &handle_driver::Pool, shape: Shape, id: i64) -> Result<(), Failure> {
    handle_driver::insert(db, id).await?;
    match shape {
        Shape::Commits => {}
        Shape::Fails => return Err(Failure::body("no")),
        Shape::TakesBack => set_rollback()?,
        Shape::Nested => nested_by_a_handle(db, shape, id + 1).await?,
        Shape::NestedFails => drop(nested_by_a_handle(db, shape, id + 1).await.unwrap_err()),
    }
    Ok(())
}

#[commit_on_success(tx = db)]
async fn nested_by_a_handle(
    db: &handle_driver::Pool,
    shape: Shape,
    id: i64,
) -> Result<(), Failure> {
    handle_driver::insert(db, id).await?;
    match shape {
        Shape::NestedFails => Err(Failure::body("no")),
        _ => Ok(()),
    }
}

async fn by_hand(pool: &Pool, shape: Shape, id: i64) -> Result<(), Failure> {
    let mut tx = pool.begin().await?;
    driver::insert(&mut tx, id).await?;
    if [Shape::Nested, Shape::NestedFails].contains(&shape) {
        let mut nested = tx.begin().await?;
        driver::insert(&mut nested, id + 1).await?;
        match shape {
            Shape::Nested => nested.commit().await?,
            _ => nested.rollback().await?,
        }
    }
    if shape.is_stored() {
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    Ok(())
}

/// Waits until the pool has its connection back.
async fn at_rest(pool: &Pool) {
    while pool.num_idle() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Fails when a transaction is open for longer than a moment.
async fn nothing_is_open(proxy: &Proxy, db: &Database) {
    let ended = async {
        while open::behind(proxy, &db.server()).await > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(10), ended).await;
    assert!(ended.is_ok(), "a transaction stays open");
}

/// A pool of one behind a proxy.
async fn watched(db: &Database) -> (Proxy, Pool) {
    let proxy = Proxy::to(db.server()).await.unwrap();
    let pool = db.through(proxy.address()).pool(1).await;
    by_hand(&pool, Shape::Fails, 1).await.unwrap();
    at_rest(&pool).await;
    (proxy, pool)
}

/// Holds each shape of a block against the same by hand.
async fn compare(block: impl AsyncFn(&Pool, Shape, i64) -> Result<(), Failure>) {
    let db = driver::open().await;
    let (proxy, pool) = watched(&db).await;
    for (shape, id) in ON_POOLS.into_iter().zip([10, 20, 30, 40, 50]) {
        let before = proxy.requests.arrived();
        by_hand(&pool, shape, id).await.unwrap();
        let least = proxy.requests.arrived() - before;
        at_rest(&pool).await;

        let before = proxy.requests.arrived();
        let ended = block(&pool, shape, id + 5).await;
        let sent = proxy.requests.arrived() - before;
        assert_eq!(ended.is_err(), shape == Shape::Fails, "{ended:?}");
        println!("{shape:?}: {sent} messages, {least} by hand");
        // sqlx does not release a savepoint that it has rolled back to.
        assert_eq!(sent, least, "{shape:?}");
        at_rest(&pool).await;
        nothing_is_open(&proxy, &db).await;
    }
    assert_eq!(db.committed().await, [10, 15, 40, 41, 45, 46, 50, 55]);
}

#[crate::driver::test]
async fn a_block_on_a_pool_takes_as_many_messages_as_the_same_by_hand() {
    compare(on_pool).await;
}

#[crate::driver::test]
async fn a_block_by_a_handle_takes_as_many_messages_as_the_same_by_hand() {
    compare(async |pool, shape, id| {
        let db = handle_driver::Pool::new(pool.clone());
        by_a_handle(&db, shape, id).await
    })
    .await;
}

#[crate::driver::test]
async fn the_next_user_of_the_connection_has_a_transaction_of_its_own() {
    let db = driver::open().await;
    let (_proxy, pool) = watched(&db).await;
    for (shape, id) in ON_POOLS.into_iter().zip([10, 20, 30, 40, 50]) {
        let _ = on_pool(&pool, shape, id).await;
        let mut conn = driver::take(&pool).await;
        let mut tx = conn.begin().await.unwrap();
        driver::insert(&mut tx, id + 5).await.unwrap();
        drop(tx);
        // Outside of any transaction.
        driver::insert(&mut conn, id + 6).await.unwrap();
    }
    let stored = [10, 16, 26, 36, 40, 41, 46, 50, 56];
    assert_eq!(db.committed().await, stored);
}

mod limits {
    use super::*;

    /// The probe is a message of its own, and nothing is queued.
    #[crate::driver::test]
    async fn a_block_on_a_borrowed_connection_takes_one_message_more_and_is_over_when_it_returns() {
        let db = driver::open().await;
        let proxy = Proxy::to(db.server()).await.unwrap();
        let mut conn = db.through(proxy.address()).connect().await;
        on_connection(&mut conn, 1).await.unwrap();
        let before = proxy.requests.arrived();
        on_connection(&mut conn, 2).await.unwrap();
        assert_eq!(proxy.requests.arrived() - before, 4);
        assert_eq!(open::behind(&proxy, &db.server()).await, 0);
        let before = proxy.requests.arrived();
        driver::insert(&mut conn, 3).await.unwrap();
        assert_eq!(proxy.requests.arrived() - before, 1);
    }
}
