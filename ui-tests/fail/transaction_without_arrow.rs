use commit_on_success::transaction;
use commit_on_success_ui_tests::{Connection, DbError};

fn main() {
    let mut conn = Connection::default();
    let renamed: Result<usize, DbError> = transaction!(tx = &mut conn { tx.execute("UPDATE") });
    drop((conn.log(), renamed));
    conn = Connection::default();
    drop(conn);
}
