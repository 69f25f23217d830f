//! A function that returns a future whose last expression is an `async move` block.
#![deny(warnings)]

use std::future::Future;
use std::pin::Pin;

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, DbError, block_on};

#[commit_on_success]
fn opaque(conn: &mut AsyncConnection) -> impl Future<Output = Result<usize, DbError>> {
    async move { conn.execute("UPDATE").await }
}

#[commit_on_success]
fn opaque_with_statements(
    conn: &mut AsyncConnection,
    title: &str,
) -> impl Future<Output = Result<usize, DbError>> + Send {
    let title = title.to_owned();
    async move { conn.execute(&title).await }
}

#[commit_on_success]
fn boxed(
    conn: &mut AsyncConnection,
) -> Pin<Box<dyn Future<Output = Result<usize, DbError>> + Send + '_>> {
    Box::pin(async move { conn.execute("UPDATE").await })
}

/// Recursion needs a box.
#[commit_on_success]
fn recursive(
    conn: &mut AsyncConnection,
    depth: u32,
) -> Pin<Box<dyn Future<Output = Result<u32, DbError>> + Send + '_>> {
    Box::pin(async move {
        if depth > 0 {
            return recursive(conn, depth - 1).await;
        }
        conn.execute("UPDATE").await?;
        Ok(depth)
    })
}

fn main() {
    let mut conn = AsyncConnection::default();
    block_on(opaque(&mut conn)).unwrap();
    block_on(opaque_with_statements(&mut conn, "UPDATE")).unwrap();
    block_on(boxed(&mut conn)).unwrap();
    assert_eq!(
        conn.log().text(),
        "BEGIN; UPDATE; COMMIT; BEGIN; UPDATE; COMMIT; BEGIN; UPDATE; COMMIT"
    );
    assert_eq!(block_on(recursive(&mut conn, 1)).unwrap(), 0);
}
