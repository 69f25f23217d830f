use commit_on_success::commit_on_success;
use sqlx::{Result, SqliteConnection};
use tokio::sync::OwnedMutexGuard;

#[commit_on_success]
async fn rename(conn: OwnedMutexGuard<SqliteConnection>, title: &str) -> Result<()> {
    let query = sqlx::query("UPDATE object SET title = ?1").bind(title);
    query.execute(&mut *conn).await?;
    Ok(())
}

fn main() {}
