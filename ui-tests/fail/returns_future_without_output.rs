use std::future::Future;

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, block_on};

#[commit_on_success]
fn rename(conn: &mut AsyncConnection) -> impl Future {
    async move { conn.execute("UPDATE").await }
}

fn main() {
    let _ = block_on(rename(&mut AsyncConnection::default()));
}
