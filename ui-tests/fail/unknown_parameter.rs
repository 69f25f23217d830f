use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

#[commit_on_success(con)]
fn rename(conn: &mut Connection, id: i64) -> Result<usize, DbError> {
    conn.execute(&format!("UPDATE {id}"))
}

fn main() {
    let _ = rename(&mut Connection::default(), 1);
}
