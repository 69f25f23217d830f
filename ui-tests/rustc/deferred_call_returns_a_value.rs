use commit_on_success::{commit_on_success, defer};
use rusqlite::{Connection, Result};

fn index(id: i64) -> i64 {
    id
}

#[commit_on_success]
fn rename(conn: &mut Connection, id: i64) -> Result<()> {
    conn.execute("UPDATE object SET title = ''", [])?;
    defer!(index(id));
    Ok(())
}

fn main() {}
