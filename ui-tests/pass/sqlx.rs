//! Each kind of source of sqlx, and its own `Result`.
#![deny(warnings)]

use commit_on_success::{commit_on_success, defer, transaction};
use sqlx::pool::PoolConnection;
use sqlx::{Acquire, Result, Sqlite, SqliteConnection, SqlitePool};

#[commit_on_success(tx = pool)]
async fn on_pool(pool: &SqlitePool, title: &str) -> Result<()> {
    let title = title.to_owned();
    insert(tx, &title).await?;
    defer!(index(title).await);
    Ok(())
}

#[commit_on_success]
async fn insert(conn: &mut SqliteConnection, title: &str) -> Result<()> {
    let query = sqlx::query("INSERT INTO object VALUES (?1)").bind(title);
    query.execute(conn).await?;
    Ok(())
}

#[commit_on_success]
async fn on_pooled(conn: &mut PoolConnection<Sqlite>) -> Result<()> {
    insert(conn, "pooled").await
}

#[commit_on_success]
async fn in_transaction(outer: &mut sqlx::Transaction<'_, Sqlite>) -> Result<()> {
    insert(outer, "savepoint").await
}

async fn index(title: String) {
    assert_eq!(title, "pool");
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = sqlx::pool::PoolOptions::new().max_connections(1);
    let pool: SqlitePool = options.connect("sqlite::memory:").await?;
    sqlx::query("CREATE TABLE object (title TEXT)")
        .execute(&pool)
        .await?;
    let task = pool.clone();
    let spawned = tokio::spawn(async move { on_pool(&task, "pool").await });
    spawned.await.unwrap()?;
    let mut conn = pool.acquire().await?;
    on_pooled(&mut conn).await?;
    let mut outer = conn.begin().await?;
    in_transaction(&mut outer).await?;
    outer.commit().await?;
    drop(conn);
    transaction!(tx = &pool => { insert(tx, "block").await })?;
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM object")
        .fetch_one(&pool)
        .await?;
    assert_eq!(count, 4);
    Ok(())
}
