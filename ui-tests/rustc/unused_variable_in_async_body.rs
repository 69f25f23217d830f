#![deny(unused_variables)]

use commit_on_success::commit_on_success;
use sqlx::{Result, SqlitePool};

#[commit_on_success(tx = pool)]
async fn rename(pool: &SqlitePool, id: i64) -> Result<()> {
    let title = "";
    sqlx::query("UPDATE object SET title = ''")
        .execute(&mut *tx)
        .await?;
    Ok(())
}

fn main() {}
