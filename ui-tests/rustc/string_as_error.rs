use commit_on_success::commit_on_success;
use rusqlite::Connection;

#[commit_on_success]
fn rename(conn: &mut Connection) -> Result<usize, String> {
    conn.execute("UPDATE object SET title = ''", [])
        .map_err(|error| error.to_string())
}

fn main() {}
