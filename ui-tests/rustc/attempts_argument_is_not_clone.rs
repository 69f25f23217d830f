use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

pub struct Title;

#[commit_on_success(attempts = 3)]
pub fn rename(conn: &mut Connection, title: Title) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

fn main() {}
