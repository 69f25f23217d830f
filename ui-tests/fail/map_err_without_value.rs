use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

#[commit_on_success(map_err)]
fn rename(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

#[commit_on_success(map_err = )]
fn again(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

fn main() {}
