use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, block_on};

#[commit_on_success]
async fn rename(conn: &mut AsyncConnection) {
    let _ = conn.execute("UPDATE").await;
}

fn main() {
    block_on(rename(&mut AsyncConnection::default()));
}
