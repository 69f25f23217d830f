use commit_on_success::{commit_on_success, defer};
use rusqlite::{Connection, Result};

fn index(id: i64) -> bool {
    id > 0
}

#[commit_on_success]
fn rename(conn: &mut Connection, ids: Vec<i64>) -> Result<()> {
    for id in ids {
        conn.execute("UPDATE object SET title = ?1", [id])?;
        defer! {
            if index(id) {
                break;
            }
        }
    }
    Ok(())
}

fn main() {}
