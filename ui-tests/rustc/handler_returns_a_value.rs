use commit_on_success::{commit_on_success, signals};
use commit_on_success_ui_tests::{Connection, DbError};

#[commit_on_success]
pub fn rename(conn: &mut Connection) -> Result<usize, DbError> {
    let _ = signals::post_rollback().connect(|event| event.nesting);
    conn.execute("UPDATE")
}

fn main() {}
