use commit_on_success::commit_on_success;
use rusqlite::{Connection, Result};

#[commit_on_success]
fn rename(conn: &mut Connection) -> Result<()> {
    let renamed = conn.execute("UPDATE object SET title = ''", [])?;
    Ok(renamed)
}

fn main() {}
