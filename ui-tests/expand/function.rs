use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

/// Documented.
#[commit_on_success]
#[inline]
pub fn rename(conn: &mut Connection, title: &str) -> Result<usize, DbError> {
    let renamed = conn.execute(title)?;
    Ok(renamed)
}
