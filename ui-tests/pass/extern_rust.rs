//! `extern "Rust"` is what every function is.
#![deny(warnings)]

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{Connection, DbError};

#[commit_on_success]
extern "Rust" fn rename(conn: &mut Connection) -> Result<usize, DbError> {
    conn.execute("UPDATE")
}

fn main() {
    rename(&mut Connection::default()).unwrap();
}
