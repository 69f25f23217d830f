use commit_on_success::commit_on_success;
use sqlx::{Result, SqliteConnection};

#[commit_on_success]
async fn rename(conn: &mut SqliteConnection, depth: u32) -> Result<()> {
    if depth > 0 {
        rename(conn, depth - 1).await?;
    }
    Ok(())
}

fn main() {}
