use commit_on_success::commit_on_success;
use rusqlite::{Connection, Result};

#[commit_on_success]
async fn rename(conn: &mut Connection) -> Result<usize> {
    conn.execute("UPDATE object SET title = ''", [])
}

fn main() {}
