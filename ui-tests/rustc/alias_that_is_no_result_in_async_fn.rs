use commit_on_success::commit_on_success;
use sqlx::SqlitePool;

type Renamed = Option<u64>;

#[commit_on_success(tx = pool)]
async fn rename(pool: &SqlitePool) -> Renamed {
    let done = sqlx::query("UPDATE object SET title = ''")
        .execute(&mut *tx)
        .await;
    done.ok().map(|done| done.rows_affected())
}

fn main() {}
