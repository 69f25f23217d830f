#![deny(unused_must_use)]

use commit_on_success::{commit_on_success, try_defer};
use rusqlite::{Connection, Result};

fn index(_id: i64) {}

#[commit_on_success]
fn rename(conn: &mut Connection, id: i64) -> Result<usize> {
    try_defer!(index(id));
    conn.execute("UPDATE object SET title = ''", [])
}

fn main() {}
