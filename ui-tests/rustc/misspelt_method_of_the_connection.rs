use commit_on_success::commit_on_success;
use rusqlite::{Connection, Result};

#[commit_on_success]
fn rename(conn: &mut Connection) -> Result<usize> {
    conn.exekute("UPDATE object SET title = ''", [])
}

fn main() {}
