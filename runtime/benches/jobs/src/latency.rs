//! The time from a commit until its job runs, where the worker is in the same process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use commit_on_success::jobs::Job;
use commit_on_success::{commit_on_success, defer, enqueue};
use commit_on_success_worker::{Context, Handlers, JobPool, Settings, Worker};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, SqlitePool, query};
use tokio::sync::mpsc::unbounded_channel;

use crate::database::{self, Postgres, durability};
use crate::table::Section;
use crate::{Result, TITLE, runtime};

const SECTION: Section = Section("jobs: from commit to run, the worker in the same process");
const TO_REACH: &str = "≤ 5 / ≤ 20 ms";

const TIMES: usize = 300;

#[derive(Serialize, Deserialize)]
struct Timed {}

impl Job for Timed {
    const KIND: &'static str = "timed";
}

/// The moment right after the last commit.
#[derive(Clone)]
struct Committed(Arc<Mutex<Instant>>);

impl Committed {
    /// It is now.
    fn now(self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn moment(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

trait Stores: JobPool {
    fn store(&self, committed: &Committed) -> impl Future<Output = Result> + Send;
}

macro_rules! stores {
    ($pool:ty) => {
        impl Stores for $pool {
            async fn store(&self, committed: &Committed) -> Result {
                #[commit_on_success(tx = pool)]
                async fn store(pool: &$pool, committed: Committed) -> Result {
                    // The first call after the commit.
                    defer!(committed.now());
                    query("INSERT INTO object (title) VALUES ($1)")
                        .bind(TITLE)
                        .execute(&mut *tx)
                        .await?;
                    enqueue!(tx, Timed {}).await?;
                    Ok(())
                }
                store(self, committed.clone()).await
            }
        }
    };
}

stores!(SqlitePool);
stores!(PgPool);

pub(crate) fn measure() -> Result {
    let runtime = runtime()?;
    runtime.block_on(on_sqlite())?;
    runtime.block_on(on_postgres())
}

async fn on_sqlite() -> Result {
    let directory = tempfile::tempdir()?;
    let pool = database::sqlite(&directory.path().join("jobs.sqlite"), 4).await?;
    let times = times(&pool).await?;
    SECTION.row(
        "sqlx-sqlite, synchronous FULL: p50 / p95",
        "–",
        times,
        TO_REACH,
    );
    pool.close().await;
    Ok(())
}

async fn on_postgres() -> Result {
    let server = Postgres::with_tables().await?;
    let pool = server.pool(8).await?;
    let what = format!(
        "sqlx-postgres, TCP, {}: p50 / p95",
        durability(&pool).await?
    );
    SECTION.row(&what, "–", times(&pool).await?, TO_REACH);
    pool.close().await;
    server.drop_tables().await
}

/// The times, each of a transaction that comes while the worker waits.
async fn times<P: Stores>(pool: &P) -> Result<String> {
    let (run, mut runs) = unbounded_channel();
    let handlers = Handlers::new().handle(move |_: Context, _: Timed| {
        // Nobody waits for what runs once the figures are there.
        let _ = run.send(Instant::now());
        async { Result::Ok(()) }
    });
    let worker = Worker::start(pool.clone(), handlers, &Settings::default()).await?;
    let committed = Committed(Arc::new(Mutex::new(Instant::now())));
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(5..25))).await;
        pool.store(&committed).await?;
        let run = runs.recv().await.ok_or("the worker has stopped")?;
        times.push(run.saturating_duration_since(committed.moment()));
    }
    worker.shutdown().await?;
    times.sort();
    let quantile = |percent: usize| times[TIMES * percent / 100].as_secs_f64() * 1e3;
    Ok(format!(
        "{:.1} / {:.1} ms (n = {TIMES})",
        quantile(50),
        quantile(95)
    ))
}
