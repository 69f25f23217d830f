//! Blocks of a handle that are run again because of each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const TASKS: i64 = 4;
const ROUNDS: i64 = 10;

/// Adds one to the only number that there is, by reading it first.
#[commit_on_success(tx = db, isolation = serializable, attempts = 200)]
async fn count_up(db: &Handle, counted: Arc<AtomicUsize>) -> Result<(), Failure> {
    let read = sqlx::query_scalar::<_, i64>("SELECT id FROM item");
    let number = read.fetch_one(db).await?;
    driver::pause().await;
    sqlx::query("DELETE FROM item").execute(db).await?;
    insert(db, number + 1).await?;
    defer!(count(counted));
    Ok(())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a deferred call owns what it uses"
)]
fn count(counted: Arc<AtomicUsize>) {
    counted.fetch_add(1, Ordering::Relaxed);
}

#[crate::driver::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_success_counts_once_and_calls_once() {
    let db = driver::open().await;
    let handle = db.handle(3).await;
    insert(&handle, 0).await.unwrap();
    let counted = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (handle, counted) = (handle.clone(), Arc::clone(&counted));
            tokio::spawn(async move {
                for _ in 0..ROUNDS {
                    count_up(&handle, Arc::clone(&counted)).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(db.committed().await, [TASKS * ROUNDS]);
    assert_eq!(
        i64::try_from(counted.load(Ordering::Relaxed)),
        Ok(TASKS * ROUNDS)
    );
}
