use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

#[commit_on_success]
fn main() -> Result<(), DbError> {
    let mut conn = Connection::default();
    conn.execute("UPDATE")?;
    Ok(())
}
