use commit_on_success::{commit_on_success, defer};
use rusqlite::{Connection, Result};

async fn index(_id: i64) {}

#[commit_on_success]
fn rename(conn: &mut Connection, id: i64) -> Result<()> {
    conn.execute("UPDATE object SET title = ''", [])?;
    defer!(async move { index(id).await });
    Ok(())
}

fn main() {}
