use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, DbError};

#[commit_on_success]
async gen fn titles(conn: &mut AsyncConnection) -> Result<usize, DbError> {
    yield conn.execute("SELECT").await;
}

fn main() {}
