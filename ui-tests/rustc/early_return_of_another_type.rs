use commit_on_success::commit_on_success;
use rusqlite::{Connection, Result};

#[commit_on_success]
fn rename(conn: &mut Connection, id: i64) -> Result<usize> {
    if id == 0 {
        return 0;
    }
    conn.execute("UPDATE object SET title = ?1", [id])
}

fn main() {}
