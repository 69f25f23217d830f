use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, AsyncPool, DbError};

#[commit_on_success(tx = pool)]
pub async fn leaves_a_child(pool: &AsyncPool) -> Result<(), DbError> {
    spawn(rename(tx));
    Ok(())
}

async fn rename(conn: &mut AsyncConnection) -> Result<usize, DbError> {
    conn.execute("UPDATE").await
}

fn spawn(future: impl Future + Send + 'static) {
    drop(future);
}

fn main() {}
