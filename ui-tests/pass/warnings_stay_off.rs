//! A body that does not use its transaction, takes it with an underscore, or leaves early, causes no warning.
#![deny(warnings)]

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, AsyncPool, Connection, DbError, block_on};

#[commit_on_success]
fn unused(conn: &mut Connection) -> Result<i64, DbError> {
    Ok(1)
}

#[commit_on_success]
fn underscored(_conn: &mut Connection) -> Result<i64, DbError> {
    Ok(1)
}

#[commit_on_success(tx = pool)]
async fn unused_async(pool: &AsyncPool) -> Result<i64, DbError> {
    Ok(1)
}

#[commit_on_success]
async fn underscored_async(_conn: &mut AsyncConnection) -> Result<i64, DbError> {
    Ok(1)
}

#[commit_on_success]
fn leaves(conn: &mut Connection) -> Result<i64, DbError> {
    conn.execute("UPDATE")?;
    return Ok(1);
}

#[commit_on_success]
fn diverges(conn: &mut Connection) -> Result<i64, DbError> {
    conn.execute("UPDATE")?;
    todo!()
}

#[commit_on_success(tx = pool)]
async fn diverges_async(pool: &AsyncPool) -> Result<i64, DbError> {
    tx.execute("UPDATE").await?;
    todo!()
}

fn main() {
    let mut conn = Connection::default();
    unused(&mut conn).unwrap();
    underscored(&mut conn).unwrap();
    leaves(&mut conn).unwrap();
    let _ = diverges;
    block_on(unused_async(&AsyncPool::default())).unwrap();
    block_on(underscored_async(&mut AsyncConnection::default())).unwrap();
    drop(diverges_async(&AsyncPool::default()));
}
