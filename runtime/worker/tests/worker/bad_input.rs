//! Mistakes are told in our words, and no job is lost by them.

use std::time::Duration;

use commit_on_success::jobs::Job;
use commit_on_success_worker::{
    Context, Error, Handlers, Notifier, Settings, Worker, migrate, migrate_at,
};
use serde::{Deserialize, Serialize};

use crate::scene::{Index, Scene, Store, on_each_database};

fn indexing() -> Handlers {
    Handlers::new().handle(async |_: Context, _: Index| anyhow::Ok(()))
}

/// [`Index`], as a release has it that can read what an older one has stored.
#[derive(Serialize, Deserialize)]
struct NextRelease {
    #[serde(alias = "number")]
    id: i64,
}
impl Job for NextRelease {
    const KIND: &'static str = "index";
}

#[derive(Serialize, Deserialize)]
struct Unnamed;

impl Job for Unnamed {
    const KIND: &'static str = "";
}

#[derive(Serialize, Deserialize)]
struct InNoQueue;

impl Job for InNoQueue {
    const KIND: &'static str = "in_no_queue";
    const QUEUE: &'static str = "No queue";
}

/// Starts a worker that is refused, and returns what it says.
async fn refused<P: Store>(scene: &Scene<P>, handlers: Handlers, settings: &Settings) -> Error {
    let started = Worker::start(scene.pool.clone(), handlers, settings).await;
    started.map(drop).expect_err("it was started")
}

async fn a_job_that_cannot_be_read_any_more_fails_and_runs_once_it_can_be<P: Store>(
    scene: Scene<P>,
) {
    let scene = scene.migrated().await;
    let job = scene
        .pool
        .store("index", "default", r#"{"number": 1}"#)
        .await;
    assert_eq!(Worker::drain(&scene.pool, &indexing()).await.unwrap(), 1);
    let error = scene.error(job).await;
    assert!(
        error.contains("the arguments that were stored for `index` cannot be read"),
        "{error}"
    );
    assert!(error.contains("missing field `id`"), "{error}");
    let handlers = Handlers::new().handle(async |_: Context, _: NextRelease| anyhow::Ok(()));
    scene.pool.pass_an_hour().await;
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 1);
    assert_eq!(scene.state(job).await, "completed");
}

async fn a_job_of_an_unknown_kind_waits_for_a_worker_that_knows_it<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let unknown = scene.pool.store("reindex", "default", r#"{"id": 1}"#).await;
    let worker = Worker::start(scene.pool.clone(), indexing(), &Settings::default())
        .await
        .unwrap();
    let known = scene.pool.store("index", "default", r#"{"id": 1}"#).await;
    scene.until(known, "completed").await;
    worker.shutdown().await.unwrap();
    assert_eq!(Worker::drain(&scene.pool, &indexing()).await.unwrap(), 0);
    assert_eq!(scene.state(unknown).await, "available");
    assert_eq!(scene.pool.text("attempt", unknown).await.unwrap(), "0");
}

async fn a_handler_that_panics_has_failed_and_the_worker_goes_on<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let handlers = Handlers::new().handle(async |_: Context, job: Index| {
        assert!(job.id != 13, "thirteen");
        anyhow::Ok(())
    });
    let bad = scene.pool.store("index", "default", r#"{"id": 13}"#).await;
    let worker = Worker::start(scene.pool.clone(), handlers, &Settings::default())
        .await
        .unwrap();
    let good = scene.pool.store("index", "default", r#"{"id": 14}"#).await;
    scene.until(good, "completed").await;
    worker.shutdown().await.unwrap();
    let error = scene.error(bad).await;
    assert!(error.contains("thirteen"), "{error}");
}

async fn a_handler_that_never_ends_is_stopped_and_tried_again<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let handlers = Handlers::new().handle(async |context: Context, _: Index| {
        if context.attempt() == 1 {
            std::future::pending::<()>().await;
        }
        anyhow::Ok(())
    });
    let job = scene.pool.store("index", "default", r#"{"id": 1}"#).await;
    let settings = Settings::default().job_timeout(Duration::from_millis(100));
    let worker = Worker::start(scene.pool.clone(), handlers, &settings)
        .await
        .unwrap();
    scene.until(job, "completed").await;
    worker.shutdown().await.unwrap();
    let error = scene.error(job).await;
    assert!(error.contains("it ran into the `job_timeout`"), "{error}");
    assert_eq!(scene.pool.text("attempt", job).await.unwrap(), "2");
}

async fn tables_that_are_not_there_are_asked_for<P: Store>(scene: Scene<P>) {
    let error = refused(&scene, indexing(), &Settings::default()).await;
    assert!(matches!(error, Error::NotMigrated), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("commit_on_success_worker::migrate(&pool)"),
        "{error}"
    );
    let drained = Worker::drain(&scene.pool, &indexing()).await;
    assert!(matches!(drained, Err(Error::NotMigrated)), "{drained:?}");
}

async fn tables_of_another_release_are_refused_by_their_version<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    scene
        .pool
        .run("INSERT INTO river_migration (line, version) VALUES ('main', 9)")
        .await;
    for error in [
        refused(&scene, indexing(), &Settings::default()).await,
        migrate(&scene.pool).await.expect_err("it was migrated"),
    ] {
        assert!(
            matches!(error, Error::TablesNewer { found: 9, known: 8 }),
            "{error:?}"
        );
    }
    scene
        .pool
        .run("DELETE FROM river_migration WHERE version > 7")
        .await;
    let error = refused(&scene, indexing(), &Settings::default()).await;
    assert!(
        matches!(
            error,
            Error::TablesOlder {
                found: 7,
                needed: 8
            }
        ),
        "{error:?}"
    );
}

async fn what_cannot_be_run_is_refused_at_the_start<P: Store>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let usual = Settings::default();
    let error = refused(&scene, Handlers::new(), &usual).await;
    assert!(matches!(error, Error::NoHandlers), "{error:?}");
    let twice = indexing().handle(async |_: Context, _: Index| anyhow::Ok(()));
    let error = refused(&scene, twice, &usual).await;
    assert!(
        matches!(error, Error::HandledTwice { kind: "index" }),
        "{error:?}"
    );
    let unnamed = Handlers::new().handle(async |_: Context, _: Unnamed| anyhow::Ok(()));
    let error = refused(&scene, unnamed, &usual).await;
    assert!(matches!(error, Error::KindName { kind: "" }), "{error:?}");
    let in_no_queue = Handlers::new().handle(async |_: Context, _: InNoQueue| anyhow::Ok(()));
    let error = refused(&scene, in_no_queue, &usual).await;
    assert!(
        matches!(error, Error::QueueName { queue: "No queue" }),
        "{error:?}"
    );
    for settings in [
        Settings::default().workers(0),
        Settings::default().rescue_after(Duration::from_secs(59)),
        Settings::default().job_timeout(Duration::ZERO),
        Settings::default().poll_interval(Duration::from_millis(1)),
        Settings::default().cooldown(Duration::ZERO),
    ] {
        let error = refused(&scene, indexing(), &settings).await;
        assert!(
            matches!(error, Error::Settings(_)),
            "{settings:?}: {error:?}"
        );
    }
}

on_each_database! {
    a_job_that_cannot_be_read_any_more_fails_and_runs_once_it_can_be,
    a_job_of_an_unknown_kind_waits_for_a_worker_that_knows_it,
    a_handler_that_panics_has_failed_and_the_worker_goes_on,
    a_handler_that_never_ends_is_stopped_and_tried_again,
    tables_that_are_not_there_are_asked_for,
    tables_of_another_release_are_refused_by_their_version,
    what_cannot_be_run_is_refused_at_the_start,
}

#[test]
fn a_place_that_is_no_database_is_refused() {
    for location in [
        "mysql://root@localhost/test",
        "postgres://[",
        "sqlite:a?mode=sideways",
    ] {
        let spawned = Worker::spawn(location, indexing(), &Settings::default()).map(drop);
        assert!(
            matches!(spawned, Err(Error::Location { .. })),
            "{location}: {spawned:?}"
        );
        let migrated = migrate_at(location);
        assert!(
            matches!(migrated, Err(Error::Location { .. })),
            "{location}: {migrated:?}"
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_not_made_by_a_worker() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jobs.sqlite");
    let location = path.display().to_string();
    let spawned = Worker::spawn(&location, indexing(), &Settings::default()).map(drop);
    assert!(matches!(spawned, Err(Error::Database(_))), "{spawned:?}");
    assert!(!path.exists());
}

#[test]
fn a_notifier_needs_a_runtime() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let scene = runtime.block_on(Scene::<sqlx::SqlitePool>::bare());
    let started = Notifier::start(&scene.pool).map(drop);
    assert!(matches!(started, Err(Error::NoRuntime)), "{started:?}");
}
