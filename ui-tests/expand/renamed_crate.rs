use commit_on_success as transactions;
use commit_on_success_ui_tests::{Connection, DbError};

#[transactions::commit_on_success(crate = transactions)]
fn rename(conn: &mut Connection) -> Result<usize, DbError> {
    transactions::defer!(crate = transactions => index(7));
    conn.execute("UPDATE")
}

fn index(_id: i64) {}
