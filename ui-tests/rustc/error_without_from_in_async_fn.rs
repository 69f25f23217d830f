use commit_on_success::commit_on_success;
use sqlx::SqlitePool;

struct AppError;

#[commit_on_success(tx = pool)]
async fn rename(pool: &SqlitePool) -> Result<(), AppError> {
    let done = sqlx::query("UPDATE object SET title = ''")
        .execute(&mut *tx)
        .await;
    done.map(drop).map_err(|_| AppError)
}

fn main() {}
