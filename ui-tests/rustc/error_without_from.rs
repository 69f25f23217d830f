use commit_on_success::commit_on_success;
use rusqlite::Connection;

struct AppError;

#[commit_on_success]
fn rename(conn: &mut Connection) -> Result<usize, AppError> {
    conn.execute("UPDATE object SET title = ''", [])
        .map_err(|_| AppError)
}

fn main() {}
