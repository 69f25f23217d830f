use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

#[commit_on_success]
const fn rename(conn: &mut Connection, id: i64) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

fn main() {
    let _ = rename(&mut Connection::default(), 1);
}
