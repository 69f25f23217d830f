use std::pin::Pin;

use commit_on_success::commit_on_success;
use commit_on_success_ui_tests::{AsyncConnection, DbError};

#[commit_on_success]
fn rename<'c>(
    conn: &'c mut AsyncConnection,
    title: &str,
) -> Pin<Box<dyn Future<Output = Result<(), DbError>> + Send + 'c>> {
    let title = title.to_owned();
    Box::pin(async move {
        conn.execute(&title).await?;
        Ok(())
    })
}
