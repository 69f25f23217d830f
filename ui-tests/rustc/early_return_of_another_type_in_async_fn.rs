use commit_on_success::commit_on_success;
use sqlx::{Result, SqlitePool};

#[commit_on_success(tx = pool)]
async fn rename(pool: &SqlitePool, id: i64) -> Result<u64> {
    if id == 0 {
        return 0;
    }
    let done = sqlx::query("UPDATE object SET title = ''")
        .execute(&mut *tx)
        .await?;
    Ok(done.rows_affected())
}

fn main() {}
