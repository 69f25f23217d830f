use commit_on_success::commit_on_success;
use rusqlite::Connection;

struct AppError;

impl From<commit_on_success::Error> for AppError {
    fn from(_: commit_on_success::Error) -> Self {
        Self
    }
}

#[commit_on_success]
fn rename(conn: &mut Connection) -> Result<(), AppError> {
    conn.execute("UPDATE object SET title = ''", [])?;
    Ok(())
}

fn main() {}
