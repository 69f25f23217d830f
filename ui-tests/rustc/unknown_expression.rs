use commit_on_success::commit_on_success;
use rusqlite::{Connection, Result};

#[commit_on_success(tx = poll)]
fn rename(pool: &mut Connection) -> Result<usize> {
    tx.execute("UPDATE object SET title = ''", [])
}

fn main() {}
