//! `#[tracing::instrument]` above and below.
#![deny(warnings)]

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncPool, Connection, DbError, block_on};
use tracing::instrument;

#[instrument(skip(conn))]
#[commit_on_success]
fn above(conn: &mut Connection, id: i64) -> Result<i64, DbError> {
    conn.execute("UPDATE")?;
    Ok(id)
}

#[commit_on_success]
#[instrument(skip(conn), err)]
fn below(conn: &mut Connection, id: i64) -> Result<i64, DbError> {
    conn.execute("UPDATE")?;
    Ok(id)
}

#[instrument(skip_all, fields(id))]
#[commit_on_success(tx = pool)]
async fn above_async(pool: &AsyncPool, id: i64) -> Result<i64, DbError> {
    tx.execute("UPDATE").await?;
    Ok(id)
}

#[commit_on_success(tx = pool)]
#[instrument(skip_all, ret)]
async fn below_async(pool: &AsyncPool, id: i64) -> Result<i64, DbError> {
    tx.execute("UPDATE").await?;
    Ok(id)
}

fn main() {
    let mut conn = Connection::default();
    above(&mut conn, 1).unwrap();
    below(&mut conn, 1).unwrap();
    let pool = AsyncPool::default();
    block_on(above_async(&pool, 1)).unwrap();
    block_on(below_async(&pool, 1)).unwrap();
    assert_eq!(
        pool.log().text(),
        "BEGIN; UPDATE; COMMIT; BEGIN; UPDATE; COMMIT"
    );
}
