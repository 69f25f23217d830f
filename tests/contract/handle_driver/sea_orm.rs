//! The driver of the contract suite for handles of pools of sea-orm, which are what generic code takes.

#[path = "common.rs"]
mod common;

use sea_orm::DatabaseTransaction;

pub(crate) use self::common::*;
use crate::driver;
#[allow(unused_imports, reason = "not every database needs all of it")]
pub(crate) use crate::driver::{
    DriverError, Original, boxed, caught, execute, insert, number, pause, rows, test,
};

/// Has nobody begin on it any more.
#[allow(dead_code, reason = "not every database has sessions that can end")]
pub(crate) async fn close(conn: &Connection) {
    conn.pool().close_by_ref().await.unwrap();
}

/// Holds a connection of the pool, in no block.
pub(crate) async fn hold(pool: &Pool) -> DatabaseTransaction {
    driver::begin_by_hand(pool.pool()).await
}
