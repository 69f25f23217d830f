use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncPool, DbError};

#[commit_on_success(tx = pool)]
async fn rename(pool: &AsyncPool, title: &str) -> Result<usize, DbError> {
    let renamed = tx.execute(title).await?;
    Ok(renamed)
}
