//! The source is a name inside a pattern, as in the handlers of axum; other parameters have patterns too.
#![deny(warnings)]

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncPool, Connection, DbError, block_on};

struct State<T>(T);

struct Query {
    id: i64,
    title: String,
}

#[commit_on_success(tx = &pool)]
async fn handler(
    State(pool): State<AsyncPool>,
    Query { id, title }: Query,
    _: (),
) -> Result<i64, DbError> {
    tx.execute(&title).await?;
    Ok(id)
}

#[commit_on_success]
fn first(State(conn): State<&mut Connection>) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(conn)]
fn named((id, conn): (i64, &mut Connection), [mut a, b]: [i64; 2]) -> Result<i64, DbError> {
    a += b;
    conn.execute("UPDATE")?;
    Ok(id + a)
}

#[commit_on_success]
fn mutable(mut conn: Connection2<'_>, mut id: i64) -> Result<i64, DbError> {
    id += 1;
    conn = shorter(conn);
    conn.execute("UPDATE")?;
    Ok(id)
}

type Connection2<'c> = &'c mut Connection;

fn shorter(conn: &mut Connection) -> &mut Connection {
    conn
}

fn main() {
    let pool = AsyncPool::default();
    let title = String::from("UPDATE");
    let id = block_on(handler(State(pool.clone()), Query { id: 7, title }, ()));
    assert_eq!(id.unwrap(), 7);
    assert_eq!(pool.log().text(), "BEGIN; UPDATE; COMMIT");

    let mut conn = Connection::default();
    first(State(&mut conn)).unwrap();
    assert_eq!(named((1, &mut conn), [2, 3]).unwrap(), 6);
    assert_eq!(mutable(&mut conn, 1).unwrap(), 2);
}
