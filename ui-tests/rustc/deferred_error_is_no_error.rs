use commit_on_success::{commit_on_success, defer};
use rusqlite::{Connection, Result};

struct Offline;

fn index(_id: i64) -> std::result::Result<(), Offline> {
    Err(Offline)
}

#[commit_on_success]
fn rename(conn: &mut Connection, id: i64) -> Result<()> {
    conn.execute("UPDATE object SET title = ''", [])?;
    defer!(index(id));
    Ok(())
}

fn main() {}
