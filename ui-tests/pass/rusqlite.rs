//! Each kind of source of rusqlite, and its own `Result`.
#![deny(warnings)]

use commit_on_success::{commit_on_success, defer, transaction};
use rusqlite::{Connection, Result};

#[commit_on_success]
fn exclusive(conn: &mut Connection, title: &str) -> Result<usize> {
    let title = title.to_owned();
    let renamed = shared(conn, &title)?;
    defer!(index(title));
    Ok(renamed)
}

#[commit_on_success]
fn shared(conn: &Connection, title: &str) -> Result<usize> {
    conn.execute("INSERT INTO object VALUES (?1)", [title])
}

#[commit_on_success]
fn boxed(conn: &mut Box<Connection>) -> Result<usize> {
    shared(conn, "boxed")
}

#[commit_on_success(tx = conn)]
fn owned(conn: Box<Connection>) -> Result<i64> {
    tx.query_row("SELECT count(*) FROM object", [], |row| row.get(0))
}

fn index(title: String) {
    assert_eq!(title, "exclusive");
}

fn main() -> Result<()> {
    let mut conn = Connection::open_in_memory()?;
    conn.execute_batch("CREATE TABLE object (title TEXT)")?;
    exclusive(&mut conn, "exclusive")?;
    shared(&conn, "shared")?;
    let mut conn = Box::new(conn);
    boxed(&mut conn)?;
    transaction!(tx = &mut conn => { shared(tx, "block") })?;
    assert_eq!(owned(conn), Ok(4));
    Ok(())
}
