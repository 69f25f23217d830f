#![deny(unused_variables)]

use commit_on_success::commit_on_success;
use rusqlite::{Connection, Result};

#[commit_on_success]
fn rename(conn: &mut Connection, id: i64) -> Result<usize> {
    let title = "";
    conn.execute("UPDATE object SET title = ''", [])
}

fn main() {}
