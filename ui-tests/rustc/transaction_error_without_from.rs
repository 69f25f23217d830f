use commit_on_success::transaction;
use rusqlite::Connection;

struct AppError;

fn rename(conn: &mut Connection) -> Result<usize, AppError> {
    transaction!(tx = conn => {
        tx.execute("UPDATE object SET title = ''", []).map_err(|_| AppError)
    })
}

fn main() {}
