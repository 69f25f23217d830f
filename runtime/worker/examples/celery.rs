//! Objects in a SQLite file, which Celery indexes if and only if they were committed.
//!
//! ```sh
//! cd runtime/worker/examples && BROKER=amqp://guest:guest@localhost// celery -A tasks worker
//! cargo run -p commit_on_success_worker --example celery --features celery-amqp,celery-redis -- amqp://guest:guest@localhost//
//! ```
//!
//! The broker is RabbitMQ, or Redis: `redis://localhost/0`. The other side is in `tasks.py`.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use commit_on_success::{commit_on_success, enqueue};
use commit_on_success_worker::{Handlers, Worker, celery, migrate};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{SqlitePool, query};

/// Writes the object's row, and a task of Celery in the same transaction. Returns the id of the task.
#[commit_on_success(tx = pool)]
async fn update_object(pool: &SqlitePool, id: i64, title: &str) -> Result<String> {
    query("INSERT INTO object VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET title = ?2")
        .bind(id)
        .bind(title)
        .execute(&mut *tx)
        .await?;
    let task = celery::task("tasks.index_object", (id, title));
    let task_id = task.id();
    enqueue!(tx, task).await?;
    ensure!(!title.is_empty(), "an object has a title");
    Ok(task_id)
}

#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::args()
        .nth(1)
        .context("usage: celery amqp://… | redis://…")?;
    let directory = tempfile::tempdir()?;
    let pool = open(directory.path()).await?;
    let one = update_object(&pool, 1, "Two Generals").await?;
    println!("object 1 is stored, with task {one}");
    let refused = update_object(&pool, 2, "").await;
    println!(
        "object 2 is not: {}",
        refused.err().context("it was committed")?
    );

    // A program that goes on to live has `Worker::start`.
    let jobs = Worker::drain(&pool, &handlers(&url)?).await?;
    println!("{jobs} task is published");
    Ok(())
}

fn handlers(url: &str) -> Result<Handlers> {
    let handlers = Handlers::new();
    Ok(if url.starts_with("redis") {
        handlers.celery(celery::Redis::open(url)?)
    } else {
        handlers.celery(celery::Amqp::open(url)?)
    })
}

async fn open(directory: &Path) -> Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(directory.join("objects.sqlite"))
        .create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await?;
    query("CREATE TABLE object (id INTEGER PRIMARY KEY, title TEXT)")
        .execute(&pool)
        .await?;
    migrate(&pool).await?;
    Ok(pool)
}
