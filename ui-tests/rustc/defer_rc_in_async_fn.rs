use std::rc::Rc;

use commit_on_success::{commit_on_success, defer};
use sqlx::{Result, SqlitePool};

async fn index(_title: Rc<str>) {}

#[commit_on_success(tx = pool)]
async fn rename(pool: &SqlitePool, title: &str) -> Result<()> {
    let title: Rc<str> = title.into();
    sqlx::query("UPDATE object SET title = ''")
        .execute(&mut *tx)
        .await?;
    defer!(index(title).await);
    Ok(())
}

fn main() {}
