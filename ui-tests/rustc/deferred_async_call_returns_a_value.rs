use commit_on_success::{commit_on_success, defer};
use sqlx::{Result, SqlitePool};

async fn index(id: i64) -> i64 {
    id
}

#[commit_on_success(tx = pool)]
async fn rename(pool: &SqlitePool, id: i64) -> Result<()> {
    sqlx::query("UPDATE object SET title = ''")
        .execute(&mut *tx)
        .await?;
    defer!(index(id).await);
    Ok(())
}

fn main() {}
