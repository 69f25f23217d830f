//! The rows that are stored here are those that River stores, and its clients hear of them.

use std::time::{Duration, SystemTime};

use commit_on_success::jobs::{Enqueue, Job as _};
use commit_on_success::{commit_on_success, enqueue};
use commit_on_success_worker::Notifier;
use riverqueue::{Client, InsertOpts, QueueConfig, WorkContext, WorkOutcome, Workers};
use rusqlite::Connection;
use sqlx::{PgPool, SqlitePool};

use crate::complete::RiversIndex;
use crate::scene::{Index, Scene, Store, on_each_database};

/// A store with a client of River.
trait Rivers: Store {
    /// Stores a job here.
    fn ours(&self, job: impl Enqueue + Send) -> impl Future<Output = ()> + Send;

    /// Stores a job by River, in a transaction.
    fn theirs(&self, options: InsertOpts) -> impl Future<Output = i64> + Send;

    /// A client that looks each minute, or when it hears of something.
    fn client(&self) -> Client;
}

macro_rules! rivers {
    ($pool:ty) => {
        impl Rivers for $pool {
            async fn ours(&self, job: impl Enqueue + Send) {
                #[commit_on_success(tx = pool)]
                async fn store(pool: &$pool, job: impl Enqueue + Send) -> anyhow::Result<()> {
                    enqueue!(tx, job).await?;
                    Ok(())
                }
                store(self, job).await.unwrap();
            }

            async fn theirs(&self, options: InsertOpts) -> i64 {
                let client = Rivers::client(self);
                let mut tx = self.begin().await.unwrap();
                let insert = client
                    .insert(RiversIndex { id: 7 })
                    .opts(options)
                    .tx(&mut tx);
                let inserted = insert.await.unwrap();
                tx.commit().await.unwrap();
                inserted.id()
            }

            fn client(&self) -> Client {
                let mut workers = Workers::new();
                let added =
                    workers.add_fn(async |_: WorkContext, _: riverqueue::Job<RiversIndex>| {
                        Ok::<_, riverqueue::Error>(WorkOutcome::Complete)
                    });
                added.unwrap();
                let queue = QueueConfig::new(1).with_fetch_poll_interval(Duration::from_mins(1));
                let client = Client::builder(self.clone()).workers(workers);
                client.queue("default", queue).build().unwrap()
            }
        }
    };
}

rivers!(SqlitePool);
rivers!(PgPool);

/// Holds each column of two rows against each other; times are alike if they are written alike, and as far apart.
async fn assert_alike<P: Store>(scene: &Scene<P>, ours: i64, theirs: i64, which: &str) {
    let columns = [
        &P::json("args"),
        "attempt",
        "attempted_at",
        "attempted_by",
        "errors",
        "finalized_at",
        "kind",
        "max_attempts",
        &P::json("metadata"),
        "priority",
        "queue",
        "state",
        &P::json("tags"),
        "unique_key",
        "unique_states",
        P::DELAY,
        &P::form("created_at"),
        &P::form("scheduled_at"),
    ];
    scene.assert_alike((ours, theirs), &columns, which).await;
}

async fn a_job_that_is_stored_here_looks_like_one_that_river_has_stored<P: Rivers>(
    scene: Scene<P>,
) {
    let scene = scene.migrated().await;
    let usual = InsertOpts::default;
    let last = "SELECT max(id) FROM river_job";
    let later = SystemTime::now() + Duration::from_mins(10);
    let later = usual().with_scheduled_at(later.try_into().unwrap());
    let index = || Index { id: 7 };
    for (job, options, which) in [
        (index().attempts(25), usual(), "usual"),
        (
            index().attempts(3),
            usual().with_max_attempts(3),
            "attempts",
        ),
        (index().priority(4), usual().with_priority(4), "priority"),
        (index().after(Duration::from_mins(10)), later, "later"),
    ] {
        scene.pool.ours(job).await;
        let ours = scene.pool.number(last).await;
        let theirs = scene.pool.theirs(options).await;
        assert_alike(&scene, ours, theirs, which).await;
    }
}

async fn clients_of_river_hear_a_notifier<P: Rivers>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let mut running = Rivers::client(&scene.pool).start().unwrap();
    running.wait_ready().await.unwrap();
    // The first look is over by then.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let notifier = Notifier::start(&scene.pool).unwrap();
    scene.pool.ours(Index { id: 7 }).await;
    let job = scene.pool.number("SELECT max(id) FROM river_job").await;
    let heard = tokio::time::timeout(Duration::from_secs(10), scene.until(job, "completed"));
    heard.await.expect("it waits for its next look");
    notifier.shutdown().await;
    running.stop().await.unwrap();
}

on_each_database! {
    a_job_that_is_stored_here_looks_like_one_that_river_has_stored,
    clients_of_river_hear_a_notifier,
}

#[commit_on_success]
fn store(conn: &mut Connection) -> anyhow::Result<()> {
    enqueue!(conn, Index { id: 7 })?;
    Ok(())
}

#[tokio::test]
async fn a_job_that_a_sync_driver_stores_looks_like_one_that_river_has_stored() {
    let scene = Scene::<SqlitePool>::bare().await.migrated().await;
    store(&mut Connection::open(&scene.location).unwrap()).unwrap();
    let ours = scene.pool.number("SELECT max(id) FROM river_job").await;
    let theirs = scene.pool.theirs(InsertOpts::default()).await;
    assert_alike(&scene, ours, theirs, "rusqlite").await;
}
