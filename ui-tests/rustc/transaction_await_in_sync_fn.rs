use commit_on_success::transaction;
use sqlx::{Result, SqlitePool};

fn rename(pool: &SqlitePool) -> Result<()> {
    transaction!(tx = pool => {
        sqlx::query("UPDATE object SET title = ''").execute(&mut *tx).await?;
        Ok(())
    })
}

fn main() {}
