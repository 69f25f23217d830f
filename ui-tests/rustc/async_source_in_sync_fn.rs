use commit_on_success::commit_on_success;
use sqlx::{Result, SqlitePool};

#[commit_on_success]
fn rename(pool: &SqlitePool, id: i64) -> Result<i64> {
    Ok(id)
}

fn main() {}
