use commit_on_success::{commit_on_success, defer};
use commit_on_success_ui_tests::{AsyncConnection, DbError, block_on};

async fn index(_id: i64) -> Result<(), DbError> {
    Ok(())
}

#[commit_on_success]
async fn rename(conn: &mut AsyncConnection, id: i64) -> Result<usize, DbError> {
    defer!(async { index(id).await }.await);
    conn.execute("UPDATE").await
}

fn main() {
    let _ = block_on(rename(&mut AsyncConnection::default(), 1));
    let _ = index;
}
