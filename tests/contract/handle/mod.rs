//! The handle of a pool: what is inside of a block by it, what is outside, and what is neither and has to be refused.

mod attempts;
mod beside;
mod cancelled;
mod in_a_test;
mod inside;
mod outliving;
mod random;
mod siblings;

use std::time::Duration;

use commit_on_success::drivers::sqlx::Db;
use commit_on_success::{Error, ErrorKind, commit_on_success, defer};
use futures_util::TryStreamExt as _;
use sqlx::pool::PoolOptions;
use sqlx::{Executor as _, SqlSafeStr as _};

use crate::dialect;
use crate::driver::{self, Database};
use crate::support::Failure;

type Handle = Db<dialect::Db>;

impl Database {
    /// A handle of a pool of that size, whose connections have prepared what is sent in futures that are dropped:
    /// sqlx-mysql is out of step with its server when it is dropped while it prepares a statement.
    async fn handle(&self, size: u32) -> Handle {
        let options = PoolOptions::new().max_connections(size);
        let options = options.after_connect(|conn: &mut driver::Connection, _| {
            Box::pin(async move {
                for sql in [dialect::INSERT, ROWS] {
                    conn.prepare(sql.into_sql_str()).await?;
                }
                Ok(())
            })
        });
        let options = options.acquire_timeout(Duration::from_secs(20));
        Db::new(options.connect_with(self.options.clone()).await.unwrap())
    }

    /// A handle of a pool of one, which does not wait for long.
    async fn impatient(&self) -> Handle {
        let options = PoolOptions::new().max_connections(1);
        let options = options.acquire_timeout(Duration::from_millis(1500));
        Db::new(options.connect_with(self.options.clone()).await.unwrap())
    }
}

/// What a repository does, which knows nothing of transactions.
async fn insert(db: &Handle, id: i64) -> sqlx::Result<()> {
    sqlx::query(dialect::INSERT).bind(id).execute(db).await?;
    Ok(())
}

const ROWS: &str = "SELECT id FROM item ORDER BY id";

async fn rows(db: &Handle) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar(ROWS).fetch_all(db).await
}

async fn clear(db: &Handle) {
    let delete = sqlx::query("DELETE FROM item");
    delete.execute(db).await.unwrap();
}

/// Sends a statement as it is.
async fn execute(db: &Handle, statement: &'static str) -> sqlx::Result<()> {
    sqlx::raw_sql(statement).execute(db).await?;
    Ok(())
}

/// Reads two rows, and writes one while they are read.
async fn insert_between(db: &Handle, id: i64) -> sqlx::Result<()> {
    let mut rows = sqlx::query_scalar::<_, i32>("SELECT 1 UNION ALL SELECT 2").fetch(db);
    while let Some(row) = rows.try_next().await? {
        if row == 1 {
            insert(db, id).await?;
        }
    }
    Ok(())
}

async fn pool_of_two(db: &Database) -> Handle {
    db.handle(2).await
}

/// Writes a row, and fails if it is told to.
#[commit_on_success(tx = db)]
async fn block(db: &Handle, id: i64, succeeds: bool) -> Result<(), Failure> {
    insert(db, id).await?;
    if succeeds {
        Ok(())
    } else {
        Err(Failure::body("block"))
    }
}

/// The kind of an error of the handle, by whatever it was passed on.
#[track_caller]
fn kind(error: &(dyn std::error::Error + 'static)) -> ErrorKind {
    Error::find(error).unwrap().kind()
}

/// Whether the connections of the pool are as new.
async fn is_clean(db: &Handle, rows: &[i64]) -> bool {
    insert(db, 1000).await.unwrap();
    let delete = sqlx::query("DELETE FROM item WHERE id = 1000");
    delete.execute(db).await.unwrap();
    self::rows(db).await.unwrap() == rows
}

/// Writes a row in a block, with a call that writes another one outside of it.
#[commit_on_success(tx = db)]
async fn insert_and_defer(db: &Handle, id: i64) -> Result<(), Failure> {
    insert(db, id).await?;
    let db = db.clone();
    defer!(insert_later(db, id + 1).await);
    driver::pause().await;
    Ok(())
}

async fn insert_later(db: Handle, id: i64) -> sqlx::Result<()> {
    insert(&db, id).await
}
