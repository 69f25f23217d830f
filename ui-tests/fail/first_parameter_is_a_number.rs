use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

#[commit_on_success]
fn rename(id: i64, conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

fn main() {}
