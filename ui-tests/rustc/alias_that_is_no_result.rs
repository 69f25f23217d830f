use commit_on_success::commit_on_success;
use rusqlite::Connection;

type Renamed = Option<usize>;

#[commit_on_success]
fn rename(conn: &mut Connection) -> Renamed {
    conn.execute("UPDATE object SET title = ''", []).ok()
}

fn main() {}
