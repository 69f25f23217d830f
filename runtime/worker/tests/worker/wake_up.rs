//! A worker is told of what is stored, and does not wait for its next look at the table.

use std::sync::Arc;
use std::time::Duration;

use commit_on_success::jobs::Job;
use commit_on_success::{commit_on_success, enqueue};
use commit_on_success_worker::{Context, Handlers, Notifier, Settings, Worker};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgListener;
use sqlx::{PgPool, SqlitePool};
use tokio::sync::Semaphore;

use crate::scene::{Scene, Store, on_each_database};

/// A job that waits in a queue of its own, so that no other test wakes its worker.
trait Waits: Job + Copy {
    const THIS: Self;
}

macro_rules! waits {
    ($name:ident, $queue:literal) => {
        #[derive(Clone, Copy, Serialize, Deserialize)]
        struct $name;

        impl Job for $name {
            const KIND: &'static str = $queue;
            const QUEUE: &'static str = $queue;
        }

        impl Waits for $name {
            const THIS: Self = Self;
        }
    };
}

waits!(OnSqlite, "on_sqlite");
waits!(OnPostgres, "on_postgres");
waits!(Told, "told");

/// A store of which transactions can be made that store a job.
trait Enqueues: Store {
    type Own: Waits;

    fn enqueue<J: Waits>(&self) -> impl Future<Output = anyhow::Result<()>> + Send;
}

macro_rules! enqueues {
    ($pool:ty, $own:ty) => {
        impl Enqueues for $pool {
            type Own = $own;

            async fn enqueue<J: Waits>(&self) -> anyhow::Result<()> {
                #[commit_on_success(tx = pool)]
                async fn store<J: Waits>(pool: &$pool) -> anyhow::Result<()> {
                    enqueue!(tx, J::THIS).await?;
                    Ok(())
                }
                store::<J>(self).await
            }
        }
    };
}

enqueues!(SqlitePool, OnSqlite);
enqueues!(PgPool, OnPostgres);

async fn a_job_is_run_as_soon_as_its_transaction_has_committed<P: Enqueues>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let ran = Arc::new(Semaphore::new(0));
    let counted = Arc::clone(&ran);
    let handlers = Handlers::new().handle(move |_: Context, _: P::Own| {
        counted.add_permits(1);
        std::future::ready(anyhow::Ok(()))
    });
    let settings = Settings::default().poll_interval(Duration::from_mins(1));
    let worker = Worker::start(scene.pool.clone(), handlers, &settings)
        .await
        .unwrap();
    let run_within = async |count, seconds| {
        let permits = tokio::time::timeout(Duration::from_secs(seconds), ran.acquire_many(count));
        permits
            .await
            .map(|permits| permits.unwrap().forget())
            .is_ok()
    };
    // The first look, and those at the end of a job, are over by then.
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..3 {
        scene.pool.enqueue::<P::Own>().await.unwrap();
        assert!(run_within(1, 10).await, "it was not woken");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    // One that nobody tells of waits, so it is no look of the worker's own that has found the others.
    scene.pool.store(P::Own::KIND, P::Own::QUEUE, "null").await;
    assert!(!run_within(1, 1).await, "it looked by itself");
    let stores = (0..20).map(|_| {
        let pool = scene.pool.clone();
        tokio::spawn(async move { pool.enqueue::<P::Own>().await.unwrap() })
    });
    for store in stores.collect::<Vec<_>>() {
        store.await.unwrap();
    }
    assert!(run_within(21, 10).await, "a wake-up was lost among others");
    worker.shutdown().await.unwrap();
}

on_each_database! {
    a_job_is_run_as_soon_as_its_transaction_has_committed,
}

#[commit_on_success_test_macros::server_test]
async fn workers_of_other_processes_are_told_once_the_job_is_there() {
    let scene = Scene::<PgPool>::bare().await;
    let scene = scene.migrated().await;
    let schema = scene.location.split_once('#').unwrap().1;
    let mut others = PgListener::connect_with(&scene.pool).await.unwrap();
    others
        .listen(&format!("{schema}.river_insert"))
        .await
        .unwrap();
    let notifier = Notifier::start(&scene.pool).unwrap();
    scene.pool.enqueue::<Told>().await.unwrap();
    assert!(is_heard(&mut others, 10).await, "nobody was told");
    assert_eq!(scene.count("available").await, 1);
    scene.pool.enqueue::<Told>().await.unwrap();
    notifier.shutdown().await;
    assert!(
        is_heard(&mut others, 10).await,
        "what was heard of before the end"
    );
    scene.pool.enqueue::<Told>().await.unwrap();
    assert!(!is_heard(&mut others, 1).await, "it tells after its end");
}

/// Whether others are told of the queue; of those that other tests store in, they are told as well.
async fn is_heard(others: &mut PgListener, seconds: u64) -> bool {
    let told = async { while others.recv().await.unwrap().payload() != r#"{"queue":"told"}"# {} };
    tokio::time::timeout(Duration::from_secs(seconds), told)
        .await
        .is_ok()
}

#[tokio::test]
async fn workers_of_other_processes_on_one_file_are_told() {
    let scene = Scene::<SqlitePool>::bare().await.migrated().await;
    let notifier = Notifier::start(&scene.pool).unwrap();
    scene.pool.enqueue::<Told>().await.unwrap();
    notifier.shutdown().await;
    let told = "SELECT count(*) FROM river_notification WHERE topic = 'river_insert' AND payload = '{\"queue\":\"told\"}'";
    assert_eq!(scene.pool.number(told).await, 1);
}

#[tokio::test]
async fn one_word_is_for_all_commits_that_came_while_the_last_was_under_way() {
    let scene = Scene::<SqlitePool>::bare().await.migrated().await;
    let elsewhere = Scene::<SqlitePool>::bare().await.migrated().await;
    let notifier = Notifier::start(&scene.pool).unwrap();
    let holds_it_up = scene.pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    elsewhere.pool.enqueue::<Told>().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..5 {
        elsewhere.pool.enqueue::<Told>().await.unwrap();
    }
    let shutdown = tokio::spawn(notifier.shutdown());
    tokio::time::sleep(Duration::from_millis(100)).await;
    holds_it_up.rollback().await.unwrap();
    shutdown.await.unwrap();
    let told = "SELECT count(*) FROM river_notification WHERE payload = '{\"queue\":\"told\"}'";
    assert_eq!(scene.pool.number(told).await, 2);
}
