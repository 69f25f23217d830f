use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

#[commit_on_success]
fn rename(_: &mut Connection, id: i64) -> Result<i64, DbError> {
    Ok(id)
}

fn main() {
    let _ = rename(&mut Connection::default(), 1);
}
