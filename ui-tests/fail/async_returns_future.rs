use std::future::Future;

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, DbError, block_on};

#[commit_on_success]
async fn rename(conn: &mut AsyncConnection) -> impl Future<Output = Result<(), DbError>> {
    let done = conn.execute("UPDATE").await.map(drop);
    async move { done }
}

fn main() {
    let _ = block_on(block_on(rename(&mut AsyncConnection::default())));
}
