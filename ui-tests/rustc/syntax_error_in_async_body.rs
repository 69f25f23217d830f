use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, DbError};

#[commit_on_success]
async fn rename(conn: &mut AsyncConnection) -> Result<usize, DbError> {
    let title = ;
    conn.execute(title).await
}

fn main() {}
