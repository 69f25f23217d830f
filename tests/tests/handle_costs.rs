//! What a handle costs in allocations, beside the same work on the connection and on the pool.
#![allow(missing_docs, reason = "a test program")]
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

use std::alloc::System;

use commit_on_success::sqlx::Db;
use commit_on_success::{Error, commit_on_success};
use sqlx::sqlite::{SqliteConnection, SqlitePoolOptions};
use sqlx::{Executor, Sqlite, SqlitePool};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const TIMES: usize = 500;

async fn pool() -> SqlitePool {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1);
    pool.connect("sqlite::memory:").await.unwrap()
}

async fn statement<'e>(executor: impl Executor<'e, Database = Sqlite>) -> sqlx::Result<()> {
    sqlx::query("SELECT 1").execute(executor).await?;
    Ok(())
}

/// The allocations of something that is done many times, in hundredths of one each. The thread of a connection allocates as
/// well, now and then.
macro_rules! hundredths {
    ($each:expr) => {{
        for _ in 0..TIMES {
            $each;
        }
        let region = Region::new(ALLOCATOR);
        for _ in 0..TIMES {
            $each;
        }
        region.change().allocations * 100 / TIMES
    }};
}

#[commit_on_success]
async fn on_the_connection(conn: &mut SqliteConnection) -> sqlx::Result<usize> {
    Ok(hundredths!(statement(&mut *conn).await?))
}

#[commit_on_success]
async fn by_the_handle(db: &Db<Sqlite>) -> sqlx::Result<usize> {
    Ok(hundredths!(statement(db).await?))
}

#[commit_on_success(tx = pool)]
async fn empty_on_the_pool(pool: &SqlitePool) -> Result<(), Error> {
    let _ = tx;
    Ok(())
}

#[commit_on_success]
async fn empty_by_the_handle(db: &Db<Sqlite>) -> Result<(), Error> {
    let _ = db;
    Ok(())
}

/// One test, as everything that runs beside it is counted.
#[tokio::test]
async fn a_statement_is_one_allocation_more_in_a_block_and_none_outside_and_a_block_is_three() {
    let pool = pool().await;
    let db = Db::new(pool.clone());
    let mut conn = pool.acquire().await.unwrap();
    let on_the_connection = on_the_connection(&mut conn).await.unwrap();
    drop(conn);
    let by_the_handle = by_the_handle(&db).await.unwrap();
    assert!(
        by_the_handle <= on_the_connection + 150,
        "{by_the_handle} hundredths, on the connection {on_the_connection}"
    );
    let on_the_pool = hundredths!(statement(&pool).await.unwrap());
    let outside = hundredths!(statement(&db).await.unwrap());
    assert!(
        outside <= on_the_pool + 50,
        "{outside} hundredths, on the pool {on_the_pool}"
    );
    let on_the_pool = hundredths!(empty_on_the_pool(&pool).await.unwrap());
    let blocks = hundredths!(empty_by_the_handle(&db).await.unwrap());
    assert!(
        blocks <= on_the_pool + 350,
        "{blocks} hundredths, on the pool {on_the_pool}"
    );
}
