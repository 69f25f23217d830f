#![deny(unused_must_use)]

use commit_on_success::commit_on_success;
use rusqlite::{Connection, Result};

#[commit_on_success]
fn rename(conn: &mut Connection) -> Result<usize> {
    conn.execute("UPDATE object SET title = ''", [])
}

fn main() {
    rename(&mut Connection::open_in_memory().unwrap());
}
