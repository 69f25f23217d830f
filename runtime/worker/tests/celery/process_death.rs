//! A process that dies between its COMMIT and the first thing after it.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use commit_on_success::{commit_on_success, defer, enqueue};
use commit_on_success_worker::{Settings, Worker, celery};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;

use crate::stage::{Broker, Stage, on_each_broker};

/// The variable for the file of a process that is to die.
const FILE: &str = "COMMIT_ON_SUCCESS_VICTIM";
/// The variable for the broker that its worker publishes to.
const BROKER: &str = "COMMIT_ON_SUCCESS_VICTIM_BROKER";
/// The variable for the queue of its task.
const QUEUE: &str = "COMMIT_ON_SUCCESS_VICTIM_QUEUE";

#[commit_on_success(tx = pool)]
async fn store_and_die(pool: &SqlitePool, task: celery::Task) -> anyhow::Result<()> {
    // The first of the calls after COMMIT, and so ahead of what wakes the worker.
    defer!(std::process::abort());
    enqueue!(tx, task).await?;
    Ok(())
}

/// The process that dies, by which it is told where; without that it has nothing to do.
#[test]
fn victim() {
    let Ok(file) = std::env::var(FILE) else {
        return;
    };
    let (url, queue) = (
        std::env::var(BROKER).unwrap(),
        std::env::var(QUEUE).unwrap(),
    );
    let broker = if url.starts_with("redis") {
        Broker::Redis
    } else {
        Broker::Amqp
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(file);
        let pool = SqlitePool::connect_with(options).await.unwrap();
        let settings = Settings::default();
        let worker = Worker::start(pool.clone(), broker.handlers(&url), &settings);
        let _worker = worker.await.unwrap();
        let task = celery::task("tasks.note", (1,)).queue(queue);
        store_and_die(&pool, task).await.unwrap();
    });
}

async fn a_task_whose_process_dies_right_after_its_commit_runs(broker: Broker) {
    let Some(stage) = Stage::new(broker).await else {
        return;
    };
    let died = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process_death::victim", "--nocapture"])
        .env(FILE, stage.jobs.directory.path().join("jobs.sqlite"))
        .env(BROKER, &stage.url)
        .env(QUEUE, &stage.queue)
        .output()
        .unwrap();
    assert_eq!(died.status.signal(), Some(6), "{died:?}");
    let celery = stage.celery();
    let states = stage.jobs.states().await;
    assert_eq!(
        states,
        [("available".to_owned(), None)],
        "it was committed, and nobody has begun it"
    );
    assert_eq!(celery.notes(), []);
    assert_eq!(stage.jobs.drain(&stage.handlers()).await, 1);
    assert_eq!(celery.until(1).await.len(), 1);
}

/// As after a process that dies between the two: the row says that the job has still to be run.
async fn a_job_that_is_published_twice_is_one_task(broker: Broker) {
    let Some(stage) = Stage::new(broker).await else {
        return;
    };
    let id = stage.jobs.commit(stage.note(1)).await;
    stage.jobs.drain(&stage.handlers()).await;
    let again = "UPDATE river_job SET state = 'available', finalized_at = NULL";
    sqlx::query(again).execute(&stage.jobs.pool).await.unwrap();
    assert_eq!(stage.jobs.drain(&stage.handlers()).await, 1);
    let notes = stage.celery().until(2).await;
    let ids: Vec<_> = notes.iter().map(|note| &*note.id).collect();
    assert_eq!(ids, [&*id, &*id]);
}

on_each_broker! {
    a_task_whose_process_dies_right_after_its_commit_runs,
    a_job_that_is_published_twice_is_one_task,
}
