use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, AsyncPool, DbError};

#[commit_on_success(tx = pool)]
pub async fn both(pool: &AsyncPool) -> Result<(), DbError> {
    let first = rename(tx);
    let second = rename(tx);
    first.await?;
    second.await
}

#[commit_on_success]
async fn rename(conn: &mut AsyncConnection) -> Result<(), DbError> {
    conn.execute("UPDATE").await?;
    Ok(())
}

fn main() {}
