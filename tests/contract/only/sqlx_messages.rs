//! sqlx with a server: what is queued when a block on a pool has ended, and a connection on which nothing is.

use commit_on_success::{commit_on_success, set_rollback};
use commit_on_success_tests::open;
use commit_on_success_tests::proxy::Proxy;
use sqlx::Connection as _;

use crate::driver::{self, Connection, Pool};
use crate::support::Failure;

/// The shape of a transaction.
#[derive(Clone, Copy)]
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

#[crate::driver::test]
async fn the_next_user_of_the_connection_has_a_transaction_of_its_own() {
    let db = driver::open().await;
    let pool = db.pool(1).await;
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
