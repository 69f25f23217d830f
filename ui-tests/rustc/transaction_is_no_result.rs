use commit_on_success::transaction;
use rusqlite::Connection;

fn rename(conn: &mut Connection) -> bool {
    transaction!(tx = conn => {
        tx.execute("UPDATE object SET title = ''", []).is_ok()
    })
}

fn main() {}
