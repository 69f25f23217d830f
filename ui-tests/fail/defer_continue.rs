use commit_on_success::{commit_on_success, defer};
use commit_on_success_ui_tests::{Connection, DbError};

#[commit_on_success]
fn rename(conn: &mut Connection, ids: &[i64]) -> Result<(), DbError> {
    for id in ids {
        defer!(continue);
        conn.execute(&format!("UPDATE {id}"))?;
    }
    Ok(())
}

fn main() {
    let _ = rename(&mut Connection::default(), &[1]);
}
