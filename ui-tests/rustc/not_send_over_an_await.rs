use std::rc::Rc;

use commit_on_success::commit_on_success;
use sqlx::{Result, SqlitePool};

#[commit_on_success(tx = pool)]
async fn rename(pool: &SqlitePool) -> Result<()> {
    let title = Rc::new(String::new());
    sqlx::query("UPDATE object SET title = ''")
        .execute(&mut *tx)
        .await?;
    drop(title);
    Ok(())
}

async fn serve(pool: SqlitePool) {
    tokio::spawn(async move { rename(&pool).await });
}

fn main() {}
