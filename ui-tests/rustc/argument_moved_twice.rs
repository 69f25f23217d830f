use commit_on_success::commit_on_success;
use rusqlite::{Connection, Result};

#[commit_on_success]
fn rename(conn: &mut Connection, title: String) -> Result<String> {
    drop(title);
    conn.execute("UPDATE object SET title = ''", [])?;
    Ok(title)
}

fn main() {}
