//! The life of a worker: its start and its end, beside others, and on a thread of its own.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use commit_on_success::jobs::Job;
use commit_on_success::{commit_on_success, enqueue};
use commit_on_success_worker::{Context, Handlers, Settings, Worker, migrate, migrate_at};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::sync::Notify;

use crate::jobs::noting;
use crate::scene::{Index, Scene, Store, on_each_database};

async fn shutdown_waits_for_what_runs_and_leaves_what_waits<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let (runs, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (is_running, may_end) = (Arc::clone(&runs), Arc::clone(&go_on));
    let handlers = Handlers::new().handle(move |_: Context, _: Index| {
        let (is_running, may_end) = (Arc::clone(&is_running), Arc::clone(&may_end));
        async move {
            is_running.notify_one();
            may_end.notified().await;
            anyhow::Ok(())
        }
    });
    let first = scene.pool.store("index", "default", r#"{"id": 1}"#).await;
    let settings = Settings::default().workers(1);
    let worker = Worker::start(scene.pool.clone(), handlers, &settings)
        .await
        .unwrap();
    runs.notified().await;
    let second = scene.pool.store("index", "default", r#"{"id": 2}"#).await;
    let shutdown = tokio::spawn(worker.shutdown());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!shutdown.is_finished(), "it did not wait");
    go_on.notify_one();
    shutdown.await.unwrap().unwrap();
    assert_eq!(scene.state(first).await, "completed");
    assert_eq!(scene.state(second).await, "available");
}

async fn a_worker_that_is_dropped_gives_its_job_back<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let runs = Arc::new(Notify::new());
    let is_running = Arc::clone(&runs);
    let handlers = Handlers::new().handle(move |_: Context, _: Index| {
        is_running.notify_one();
        std::future::pending::<anyhow::Result<()>>()
    });
    let job = scene.pool.store("index", "default", r#"{"id": 1}"#).await;
    let worker = Worker::start(scene.pool.clone(), handlers, &Settings::default())
        .await
        .unwrap();
    runs.notified().await;
    drop(worker);
    scene.until(job, "available").await;
    assert_eq!(
        scene.pool.text("attempt", job).await.unwrap(),
        "0",
        "the attempt was used up"
    );
}

async fn a_worker_that_abstains_runs_jobs_and_is_not_elected<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let leaders = "SELECT count(*) FROM river_leader";
    for (settings, elected) in [
        (Settings::default().without_election(), 0),
        (Settings::default(), 1),
    ] {
        let job = scene.pool.store("index", "default", r#"{"id": 1}"#).await;
        let worker = Worker::start(scene.pool.clone(), noting().0, &settings)
            .await
            .unwrap();
        scene.until(job, "completed").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(scene.pool.number(leaders).await, elected, "{settings:?}");
        worker.shutdown().await.unwrap();
    }
}

/// A limit, of which the first page speaks.
async fn a_worker_that_is_elected_discards_what_it_does_not_know_and_a_dead_one_has_begun<
    P: Store,
>(
    scene: Scene<P>,
) {
    let scene = scene.migrated().await;
    let waits = scene.pool.store("other", "default", "{}").await;
    let begun = scene.pool.store("other", "default", "{}").await;
    let begins = format!(
        "UPDATE river_job SET state = 'running', attempt = 1, attempted_at = CURRENT_TIMESTAMP WHERE id = {begun}"
    );
    scene.pool.run(&begins).await;
    scene.pool.pass_an_hour().await;
    let worker = Worker::start(scene.pool.clone(), noting().0, &Settings::default())
        .await
        .unwrap();
    scene.until(begun, "discarded").await;
    worker.shutdown().await.unwrap();
    assert_eq!(scene.state(waits).await, "available");
}

async fn several_workers_share_the_jobs_and_run_none_twice<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let (handlers, ran) = noting();
    let mut workers = Vec::new();
    for _ in 0..3 {
        let settings = Settings::default().workers(4);
        let worker = Worker::start(scene.pool.alone(), handlers.clone(), &settings).await;
        workers.push(worker.unwrap());
    }
    for id in 0..60 {
        scene
            .pool
            .store("index", "default", &format!(r#"{{"id": {id}}}"#))
            .await;
    }
    let last = scene.pool.number("SELECT max(id) FROM river_job").await;
    scene.until(last, "completed").await;
    for worker in workers {
        worker.shutdown().await.unwrap();
    }
    Worker::drain(&scene.pool, &handlers).await.unwrap();
    let mut ids: Vec<_> = ran.lock().unwrap().iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..60).collect::<Vec<_>>());
}

async fn a_pool_of_one_connection_is_enough<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let alone = scene.pool.alone();
    let pool = alone.clone();
    let handlers = Handlers::new().handle(move |_: Context, job: Index| {
        let pool = pool.clone();
        async move {
            pool.number("SELECT count(*) FROM river_job").await;
            anyhow::ensure!(job.id >= 0, "it fails");
            Ok(())
        }
    });
    for id in 0..20 {
        scene
            .pool
            .store("index", "default", &format!(r#"{{"id": {id}}}"#))
            .await;
    }
    let drained =
        tokio::time::timeout(Duration::from_secs(20), Worker::drain(&alone, &handlers)).await;
    assert_eq!(drained.expect("it waits for a connection").unwrap(), 20);
}

async fn tables_are_made_once<P: Store>(scene: Scene<P>) {
    migrate(&scene.pool).await.unwrap();
    scene.pool.store("index", "default", r#"{"id": 1}"#).await;
    migrate(&scene.pool).await.unwrap();
    assert_eq!(scene.count("available").await, 1);
}

on_each_database! {
    shutdown_waits_for_what_runs_and_leaves_what_waits,
    a_worker_that_is_dropped_gives_its_job_back,
    a_worker_that_abstains_runs_jobs_and_is_not_elected,
    a_worker_that_is_elected_discards_what_it_does_not_know_and_a_dead_one_has_begun,
    several_workers_share_the_jobs_and_run_none_twice,
    a_pool_of_one_connection_is_enough,
    tables_are_made_once,
}

/// A job that waits in a queue of its own, so that no other test wakes its worker.
#[derive(Serialize, Deserialize)]
struct Mail {
    id: i64,
}

impl Job for Mail {
    const KIND: &'static str = "mail";
    const QUEUE: &'static str = "mail";
}

#[commit_on_success]
fn order(conn: &mut Connection, id: i64) -> anyhow::Result<()> {
    enqueue!(conn, Mail { id })?;
    anyhow::ensure!(id != 13, "it fails");
    Ok(())
}

#[test]
fn a_worker_thread_that_is_dropped_gives_its_job_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jobs.sqlite").display().to_string();
    migrate_at(&path).unwrap();
    let (runs, is_running) = mpsc::channel();
    let handlers = Handlers::new().handle(move |_: Context, _: Mail| {
        runs.send(()).unwrap();
        std::future::pending::<anyhow::Result<()>>()
    });
    let worker = Worker::spawn(&path, handlers, &Settings::default()).unwrap();
    let mut conn = Connection::open(&path).unwrap();
    order(&mut conn, 1).unwrap();
    is_running.recv_timeout(Duration::from_secs(10)).unwrap();
    drop(worker);
    let given_back = || {
        let sql = "SELECT count(*) FROM river_job WHERE state = 'available' AND attempt = 0";
        conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() == 1
    };
    let waits = (0..1000).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        given_back()
    });
    assert!(waits, "its job is still running");
}

#[test]
fn a_sync_program_has_a_worker_on_a_thread_of_its_own_which_its_transactions_wake() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jobs.sqlite").display().to_string();
    migrate_at(&path).unwrap();
    let (ran, heard) = mpsc::channel();
    let handlers =
        Handlers::new().handle(move |_: Context, mail: Mail| std::future::ready(ran.send(mail.id)));
    let settings = Settings::default().poll_interval(Duration::from_mins(1));
    let worker = Worker::spawn(&path, handlers, &settings).unwrap();
    let mut conn = Connection::open(&path).unwrap();
    for id in [7, 13, 8] {
        // Longer than the looks at the start, and at the end of a job.
        std::thread::sleep(Duration::from_millis(300));
        let stored = order(&mut conn, id);
        assert_eq!(stored.is_err(), id == 13, "{stored:?}");
        if stored.is_ok() {
            assert_eq!(heard.recv_timeout(Duration::from_secs(10)), Ok(id));
        }
    }
    worker.shutdown().unwrap();
    let completed = "SELECT count(*) FROM river_job WHERE state = 'completed'";
    let completed: i64 = conn.query_row(completed, [], |row| row.get(0)).unwrap();
    assert_eq!(completed, 2);
}

#[commit_on_success_test_macros::server_test]
async fn a_sync_program_has_a_worker_on_a_server() {
    let scene = Scene::<PgPool>::bare().await;
    let url = scene.location.replace('#', "?options[search_path]=");
    let (handlers, ran) = noting();
    let worker = tokio::task::spawn_blocking(move || {
        migrate_at(&url).unwrap();
        Worker::spawn(&url, handlers, &Settings::default()).unwrap()
    });
    let worker = worker.await.unwrap();
    let job = scene.pool.store("index", "default", r#"{"id": 1}"#).await;
    scene.until(job, "completed").await;
    tokio::task::spawn_blocking(|| worker.shutdown())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(*ran.lock().unwrap(), [(1, 1)]);
}
