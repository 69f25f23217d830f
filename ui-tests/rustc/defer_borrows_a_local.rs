use commit_on_success::{commit_on_success, defer};
use rusqlite::{Connection, Result};

fn index(_title: &str) {}

#[commit_on_success]
fn rename(conn: &mut Connection, id: i64) -> Result<()> {
    let title = format!("object {id}");
    defer!(index(&title));
    conn.execute("UPDATE object SET title = ?1", [&title])?;
    Ok(())
}

fn main() {}

