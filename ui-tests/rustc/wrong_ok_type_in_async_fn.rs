use commit_on_success::commit_on_success;
use sqlx::{Result, SqlitePool};

#[commit_on_success(tx = pool)]
async fn rename(pool: &SqlitePool) -> Result<()> {
    let done = sqlx::query("UPDATE object SET title = ''")
        .execute(&mut *tx)
        .await?;
    Ok(done.rows_affected())
}

fn main() {}
