use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

fn is_empty(text: &String) -> bool {
    text.is_empty()
}

#[commit_on_success(no_rollback_for = is_empty)]
pub fn rename(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

fn main() {}
