//! Annotated functions run on a multi-threaded runtime, whatever they take.
#![deny(warnings)]

use std::cell::Cell;

use commit_on_success::{commit_on_success, defer, transaction};
use commit_on_success_ui_tests::{AsyncConnection, AsyncPool, DbError};

#[commit_on_success(tx = &pool)]
async fn rename(pool: AsyncPool, not_sync: Cell<i64>) -> Result<i64, DbError> {
    audit(tx, "AUDIT").await?;
    tokio::task::yield_now().await;
    defer!(index(not_sync.get()).await);
    Ok(not_sync.get())
}

#[commit_on_success]
async fn audit(conn: &mut AsyncConnection, title: &str) -> Result<usize, DbError> {
    conn.execute(title).await
}

struct Objects {
    pool: AsyncPool,
    renamed: Cell<i64>,
}

impl Objects {
    #[commit_on_success(tx = &self.pool)]
    async fn rename(self) -> Result<Cell<i64>, DbError> {
        tx.execute("UPDATE").await?;
        Ok(Cell::new(1))
    }

    #[commit_on_success(tx = &self.pool)]
    async fn rename_all(&mut self, not_sync: Cell<i64>) -> Result<i64, DbError> {
        tx.execute("UPDATE").await?;
        Ok(not_sync.get())
    }
}

async fn block(pool: AsyncPool) -> Result<usize, DbError> {
    transaction!(tx = &pool => { tx.execute("UPDATE").await })
}

async fn index(_id: i64) {
    tokio::task::yield_now().await;
}

#[tokio::main]
async fn main() {
    let pool = AsyncPool::default();
    let renamed = tokio::spawn(rename(pool.clone(), Cell::new(7)));
    assert_eq!(renamed.await.unwrap().unwrap(), 7);
    assert_eq!(
        pool.log().text(),
        "BEGIN; SAVEPOINT; AUDIT; RELEASE; COMMIT"
    );
    tokio::spawn(block(pool.clone())).await.unwrap().unwrap();
    let mut objects = Objects {
        pool,
        renamed: Cell::new(1),
    };
    assert_eq!(objects.renamed.get(), 1);
    let all = async move { objects.rename_all(Cell::new(7)).await };
    assert_eq!(tokio::spawn(all).await.unwrap().unwrap(), 7);
    let _ = Objects::rename;
}
