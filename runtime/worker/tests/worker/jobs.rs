//! Jobs that nothing is wrong with.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use commit_on_success_worker::{Context, Handlers, Settings, Worker};

use crate::scene::{Index, Scene, Store, on_each_database};

/// The jobs that were run, with the attempt.
pub(crate) type Ran = Arc<Mutex<Vec<(i64, u32)>>>;

/// Handlers that note what they are given, and fail for negative ids.
pub(crate) fn noting() -> (Handlers, Ran) {
    let ran = Ran::default();
    let noted = Arc::clone(&ran);
    let handlers = Handlers::new().handle(move |context: Context, job: Index| {
        noted.lock().unwrap().push((job.id, context.attempt()));
        let result = match job.id {
            0.. => Ok(()),
            _ => {
                Err(anyhow::anyhow!("{} cannot be indexed", job.id).context("the index is broken"))
            }
        };
        std::future::ready(result)
    });
    (handlers, ran)
}

async fn a_stored_job_is_run_once_and_completed<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let (handlers, ran) = noting();
    let before = scene.pool.store("index", "default", r#"{"id": 1}"#).await;
    let worker = Worker::start(scene.pool.clone(), handlers, &Settings::default())
        .await
        .unwrap();
    scene.until(before, "completed").await;
    let while_it_runs = scene.pool.store("index", "default", r#"{"id": 2}"#).await;
    scene.until(while_it_runs, "completed").await;
    worker.shutdown().await.unwrap();
    assert_eq!(*ran.lock().unwrap(), [(1, 1), (2, 1)]);
}

async fn drain_runs_what_is_due_and_says_how_many_that_were<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let (handlers, ran) = noting();
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 0);
    for id in 0..20 {
        scene
            .pool
            .store("index", "default", &format!(r#"{{"id": {id}}}"#))
            .await;
    }
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 20);
    let mut ids: Vec<_> = ran.lock().unwrap().iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..20).collect::<Vec<_>>());
    assert_eq!(scene.count("completed").await, 20);
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 0);
}

async fn drain_runs_what_its_jobs_store<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let pool = scene.pool.clone();
    let handlers = Handlers::new().handle(move |_: Context, job: Index| {
        let pool = pool.clone();
        async move {
            if job.id > 0 {
                pool.store("index", "default", &format!(r#"{{"id": {}}}"#, job.id - 1))
                    .await;
            }
            anyhow::Ok(())
        }
    });
    scene.pool.store("index", "default", r#"{"id": 3}"#).await;
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 4);
    assert_eq!(scene.count("completed").await, 4);
}

async fn drain_leaves_a_queue_alone_that_is_paused<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let (handlers, ran) = noting();
    Worker::start(scene.pool.clone(), handlers.clone(), &Settings::default())
        .await
        .unwrap()
        .shutdown()
        .await
        .unwrap();
    scene
        .pool
        .run("UPDATE river_queue SET paused_at = CURRENT_TIMESTAMP")
        .await;
    let job = scene.pool.store("index", "default", r#"{"id": 1}"#).await;
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 0);
    assert_eq!(scene.state(job).await, "available");
    scene
        .pool
        .run("UPDATE river_queue SET paused_at = NULL")
        .await;
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 1);
    assert_eq!(*ran.lock().unwrap(), [(1, 1)]);
}

async fn what_has_failed_says_why_and_is_tried_again_when_its_delay_is_over<P: Store>(
    scene: Scene<P>,
) {
    let scene = scene.migrated().await;
    let (handlers, ran) = noting();
    let job = scene.pool.store("index", "default", r#"{"id": -1}"#).await;
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 1);
    let error = scene.error(job).await;
    assert!(
        error.contains("the index is broken: -1 cannot be indexed"),
        "{error}"
    );
    scene.pool.pass_an_hour().await;
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 1);
    assert_eq!(*ran.lock().unwrap(), [(-1, 1), (-1, 2)]);
}

async fn a_job_whose_last_attempt_has_failed_is_given_up_and_kept<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let last = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&last);
    let handlers = Handlers::new().handle(move |context: Context, _: Index| {
        let attempt = (
            context.attempt(),
            context.attempts(),
            context.is_last_attempt(),
        );
        noted.lock().unwrap().push((context.id(), attempt));
        std::future::ready(Err("no".to_owned()))
    });
    let job = scene.pool.store("index", "default", r#"{"id": 1}"#).await;
    scene
        .pool
        .run("UPDATE river_job SET max_attempts = 2")
        .await;
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 1);
    scene.pool.pass_an_hour().await;
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 1);
    assert_eq!(scene.state(job).await, "discarded");
    assert_eq!(
        *last.lock().unwrap(),
        [(job, (1, 2, false)), (job, (2, 2, true))]
    );
}

async fn a_job_for_later_waits_until_then<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let (handlers, ran) = noting();
    let job = scene.pool.store("index", "default", r#"{"id": 1}"#).await;
    scene
        .pool
        .run("UPDATE river_job SET state = 'scheduled', scheduled_at = '2999-01-01 00:00:00'")
        .await;
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 0);
    assert_eq!(scene.state(job).await, "scheduled");
    scene
        .pool
        .run("UPDATE river_job SET scheduled_at = '2001-01-01 00:00:00'")
        .await;
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 1);
    assert_eq!(*ran.lock().unwrap(), [(1, 1)]);
}

async fn a_job_of_a_dead_worker_is_tried_again<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let (handlers, ran) = noting();
    let job = scene.pool.store("index", "default", r#"{"id": 1}"#).await;
    scene
        .pool
        .run(
            "UPDATE river_job SET state = 'running', attempt = 1, attempted_at = CURRENT_TIMESTAMP",
        )
        .await;
    let settings = Settings::default()
        .job_timeout(Duration::from_millis(500))
        .rescue_after(Duration::from_millis(500));
    let worker = Worker::start(scene.pool.clone(), handlers, &settings)
        .await
        .unwrap();
    scene.until(job, "completed").await;
    worker.shutdown().await.unwrap();
    assert_eq!(*ran.lock().unwrap(), [(1, 2)]);
}

on_each_database! {
    a_stored_job_is_run_once_and_completed,
    drain_runs_what_is_due_and_says_how_many_that_were,
    drain_runs_what_its_jobs_store,
    drain_leaves_a_queue_alone_that_is_paused,
    what_has_failed_says_why_and_is_tried_again_when_its_delay_is_over,
    a_job_whose_last_attempt_has_failed_is_given_up_and_kept,
    a_job_for_later_waits_until_then,
    a_job_of_a_dead_worker_is_tried_again,
}
