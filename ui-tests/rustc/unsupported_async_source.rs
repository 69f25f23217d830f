use commit_on_success::commit_on_success;
use sqlx::{Result, SqlitePool};

#[commit_on_success]
async fn rename(id: i64, pool: &SqlitePool) -> Result<()> {
    sqlx::query("UPDATE object SET title = ?1")
        .bind(id)
        .execute(pool)
        .await?;
    Ok(())
}

fn main() {}
