use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

#[commit_on_success]
fn rename(conn: &mut Connection, title: String) -> Result<usize, DbError> {
    conn.execute(&title)?;
    drop(title);
    Ok(title.len())
}

fn main() {}
