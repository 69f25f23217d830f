use commit_on_success::{commit_on_success, defer};
use sqlx::{Result, SqlitePool};

async fn index(_id: i64) {}

#[commit_on_success(tx = pool)]
async fn rename(pool: &SqlitePool, id: i64) -> Result<()> {
    sqlx::query("UPDATE object SET title = ''")
        .execute(&mut *tx)
        .await?;
    defer!(move || index(id));
    Ok(())
}

fn main() {}
