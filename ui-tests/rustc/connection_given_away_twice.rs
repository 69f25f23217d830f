use std::ops::DerefMut;

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, DbError};

#[commit_on_success]
async fn rename(conn: &mut AsyncConnection) -> Result<usize, DbError> {
    execute(conn).await?;
    execute(conn).await
}

async fn execute(mut conn: impl DerefMut<Target = AsyncConnection>) -> Result<usize, DbError> {
    conn.execute("UPDATE").await
}

fn main() {}
