use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

#[commit_on_success]
gen fn titles(conn: &mut Connection) -> Result<usize, DbError> {
    yield conn.execute("SELECT");
}

fn main() {}
