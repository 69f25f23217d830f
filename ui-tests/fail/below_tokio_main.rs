use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::DbError;

#[tokio::main]
#[commit_on_success(tx = &commit_on_success_ui_tests::AsyncPool::default())]
async fn main() -> Result<(), DbError> {
    tx.execute("UPDATE").await?;
    Ok(())
}
