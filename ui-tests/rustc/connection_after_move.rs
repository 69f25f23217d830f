use commit_on_success::transaction;
use rusqlite::{Connection, Result};

fn rename(conn: Box<Connection>) -> Result<usize> {
    let renamed: Result<usize> = transaction!(tx = conn => {
        tx.execute("UPDATE object SET title = ''", [])
    });
    conn.execute("VACUUM", [])?;
    renamed
}

fn main() {}
