//! The driver of the contract suite for handles of pools of sqlx, which executors are made of.

#[path = "common.rs"]
mod common;

pub(crate) use self::common::*;
#[allow(unused_imports, reason = "not every database needs all of it")]
pub(crate) use crate::driver::{DriverError, Original, boxed, caught, pause, test};
use crate::{dialect, driver};

pub(crate) async fn insert(conn: &Connection, id: i64) -> Result<(), DriverError> {
    sqlx::query(dialect::INSERT).bind(id).execute(conn).await?;
    Ok(())
}

pub(crate) async fn rows(conn: &Connection) -> Result<Vec<i64>, DriverError> {
    sqlx::query_scalar("SELECT id FROM item ORDER BY id")
        .fetch_all(conn)
        .await
}

/// A number that the database is asked for.
#[allow(dead_code, reason = "not every database has sessions to tell apart")]
pub(crate) async fn number(conn: &Connection, statement: &'static str) -> Result<i64, DriverError> {
    sqlx::query_scalar(statement).fetch_one(conn).await
}

/// Sends a statement as it is.
pub(crate) async fn execute(conn: &Connection, statement: &'static str) -> Result<(), DriverError> {
    sqlx::raw_sql(statement).execute(conn).await?;
    Ok(())
}

/// Has nobody begin on it any more.
#[allow(dead_code, reason = "not every database has sessions that can end")]
pub(crate) async fn close(conn: &Connection) {
    conn.pool().close().await;
}

/// Holds a connection of the pool, in no block.
pub(crate) async fn hold(pool: &Pool) -> driver::Pooled {
    driver::take(pool.pool()).await
}
