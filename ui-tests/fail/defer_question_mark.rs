use commit_on_success::{commit_on_success, defer};
use commit_on_success_ui_tests::{Connection, DbError};

fn index(_id: i64) -> Result<(), DbError> {
    Ok(())
}

#[commit_on_success]
fn rename(conn: &mut Connection, id: i64) -> Result<usize, DbError> {
    defer!(index(id)?);
    conn.execute("UPDATE")
}

fn main() {
    let _ = rename(&mut Connection::default(), 1);
}
