//! Code that is looked at in an editor. A copy is edited.

use commit_on_success::{commit_on_success, defer, transaction};
use commit_on_success_ui_tests::{AsyncConnection, Connection, DbError};

pub struct Order {
    pub key: i64,
}

pub fn send(_number: i64) {}

#[commit_on_success]
pub fn place(
    conn: &mut Connection,
    number: i64,
    order: Order,
) -> Result<usize, DbError> {
    defer!(send(number));
    // `order` has several definitions here, as the value of the argument gets a name that is located at its first token.
    defer!(send(order.key));
    conn.execute("INSERT")
}

#[commit_on_success(link)]
pub async fn place_later(
    amount: i64,
    link: &mut AsyncConnection,
) -> Result<u32, DbError> {
    defer!(send(amount));
    link.execute("INSERT").await?;
    Ok(1)
}

#[commit_on_success(tx = registry)]
pub fn register(
    registry: &mut Connection,
) -> Result<u16, DbError> {
    tx.execute("SELECT")?;
    Ok(1)
}

pub fn take(
    store: &mut Connection,
) -> Result<u8, DbError> {
    transaction!(tx = store, {
        tx.execute("DELETE")?;
        Ok(1)
    })
}

#[commit_on_success]
pub fn unfinished(conn: &mut Connection) {
    conn.execute("UPDATE");
}
