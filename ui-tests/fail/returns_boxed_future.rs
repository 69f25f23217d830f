use std::future::Future;
use std::pin::Pin;

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, DbError, block_on};

#[commit_on_success]
fn rename(
    conn: &mut AsyncConnection,
) -> Pin<Box<dyn Future<Output = Result<usize, DbError>> + '_>> {
    let future = conn.execute("UPDATE");
    Box::pin(future)
}

fn main() {
    let _ = block_on(rename(&mut AsyncConnection::default()));
}
