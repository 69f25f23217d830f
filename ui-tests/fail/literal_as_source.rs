use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

#[commit_on_success(timeout = 3)]
fn number(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(tx = "postgres://localhost")]
fn text() -> Result<usize, DbError> {
    tx.execute("UPDATE")
}

fn main() {}
