use commit_on_success::transaction;
use rusqlite::Connection;

fn rename(conn: &mut Connection) {
    let renamed = transaction!(tx = conn => {
        Ok(tx.execute("UPDATE object SET title = ''", [])?)
    });
    drop(renamed);
}

fn main() {}
