use commit_on_success::commit_on_success;
use rusqlite::{Connection, Result};

#[commit_on_success]
fn rename(id: i64, conn: &mut Connection) -> Result<usize> {
    conn.execute("UPDATE object SET title = ?1", [id])
}

fn main() {}
