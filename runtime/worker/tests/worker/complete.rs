//! A job that is completed in its handler's own transaction.

use std::sync::Arc;

use anyhow::Context as _;
use commit_on_success::commit_on_success;
use commit_on_success_worker::{Context, Error, Handlers, Worker};
use riverqueue::database::{begin_postgres, begin_sqlite_write};
use riverqueue::{Client, JobArgs, QueueConfig, WorkContext, WorkOutcome, Workers};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};

use crate::scene::{Index, Scene, Store, on_each_database};

/// A store whose handlers write in a transaction of their own.
trait Completes: Store {
    /// Stores an effect of the job and completes it.
    fn credit(
        self,
        context: Context,
        job: Index,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// A client whose jobs are completed by the call that River has for it.
    fn client_of_river(self) -> Client;
}

macro_rules! completes {
    ($pool:ty, $begin:ident) => {
        impl Completes for $pool {
            async fn credit(self, context: Context, job: Index) -> anyhow::Result<()> {
                #[commit_on_success(tx = pool)]
                async fn credit(pool: &$pool, context: &Context, job: Index) -> anyhow::Result<()> {
                    let sql = format!(
                        "INSERT INTO credit VALUES ({}, {})",
                        job.id,
                        context.attempt()
                    );
                    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
                    context.complete(tx).await?;
                    anyhow::ensure!(
                        job.id != -1 || context.attempt() > 1,
                        "after it was completed"
                    );
                    Ok(())
                }
                credit(&self, &context, job).await
            }

            fn client_of_river(self) -> Client {
                let pool = self.clone();
                let mut workers = Workers::new();
                let added = workers.add_fn(
                    move |context: WorkContext, _: riverqueue::Job<RiversIndex>| {
                        let pool = pool.clone();
                        async move {
                            let mut tx = $begin(&pool).await?;
                            context.job_complete_tx(&mut tx).await?;
                            tx.commit().await?;
                            Ok::<_, riverqueue::Error>(WorkOutcome::Complete)
                        }
                    },
                );
                added.unwrap();
                let client = Client::builder(self).workers(workers);
                client
                    .queue("default", QueueConfig::new(1))
                    .build()
                    .unwrap()
            }
        }
    };
}

completes!(SqlitePool, begin_sqlite_write);
completes!(PgPool, begin_postgres);

/// A job of the same kind, as River has it.
#[derive(Serialize, Deserialize, JobArgs)]
#[river(kind = "index")]
pub(crate) struct RiversIndex {
    pub(crate) id: i64,
}

fn crediting<P: Completes>(pool: &P) -> Handlers {
    let pool = pool.clone();
    Handlers::new().handle(move |context, job: Index| pool.clone().credit(context, job))
}

async fn with_credits<P: Completes>(scene: Scene<P>) -> Scene<P> {
    let scene = scene.migrated().await;
    scene
        .pool
        .run("CREATE TABLE credit (id bigint, attempt bigint)")
        .await;
    scene
}

async fn a_job_and_what_its_handler_writes_are_stored_together<P: Completes>(scene: Scene<P>) {
    let scene = with_credits(scene).await;
    let job = scene.pool.store("index", "default", r#"{"id": 5}"#).await;
    assert_eq!(
        Worker::drain(&scene.pool, &crediting(&scene.pool))
            .await
            .unwrap(),
        1
    );
    assert_eq!(scene.state(job).await, "completed");
    assert_eq!(
        scene
            .pool
            .number("SELECT count(*) FROM credit WHERE id = 5")
            .await,
        1
    );
}

async fn a_job_is_not_completed_by_a_transaction_that_rolls_back<P: Completes>(scene: Scene<P>) {
    let scene = with_credits(scene).await;
    let job = scene.pool.store("index", "default", r#"{"id": -1}"#).await;
    assert_eq!(
        Worker::drain(&scene.pool, &crediting(&scene.pool))
            .await
            .unwrap(),
        1
    );
    let error = scene.error(job).await;
    assert!(error.contains("after it was completed"), "{error}");
    assert_eq!(scene.pool.number("SELECT count(*) FROM credit").await, 0);
    scene.pool.pass_an_hour().await;
    assert_eq!(
        Worker::drain(&scene.pool, &crediting(&scene.pool))
            .await
            .unwrap(),
        1
    );
    assert_eq!(scene.state(job).await, "completed");
    assert_eq!(
        scene.pool.number("SELECT max(attempt) FROM credit").await,
        2
    );
}

/// The case of a slow worker that was taken for dead, while another one was faster.
async fn what_has_ended_meanwhile_is_refused_and_rolled_back<P: Completes>(scene: Scene<P>) {
    let scene = with_credits(scene).await;
    let job = scene.pool.store("index", "default", r#"{"id": 6}"#).await;
    let pool = scene.pool.clone();
    let said = Arc::new(std::sync::Mutex::new(None));
    let heard = Arc::clone(&said);
    let handlers = Handlers::new().handle(move |context: Context, job: Index| {
        let (pool, heard) = (pool.clone(), Arc::clone(&heard));
        async move {
            let other = Index { id: job.id };
            pool.clone()
                .credit(context.clone(), other)
                .await
                .context("the first")?;
            let second = pool.credit(context, job).await;
            *heard.lock().unwrap() = second.err();
            anyhow::Ok(())
        }
    });
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 1);
    let error = said.lock().unwrap().take().expect("it was completed twice");
    let error = error.downcast_ref::<Error>();
    assert!(
        matches!(error, Some(Error::NotRunning { id }) if *id == job),
        "{error:?}"
    );
    assert_eq!(scene.pool.number("SELECT count(*) FROM credit").await, 1);
    assert_eq!(scene.state(job).await, "completed");
}

async fn a_job_that_is_completed_here_looks_like_one_that_river_has_completed<P: Completes>(
    scene: Scene<P>,
) {
    let scene = with_credits(scene).await;
    let ours = scene.pool.store("index", "default", r#"{"id": 1}"#).await;
    assert_eq!(
        Worker::drain(&scene.pool, &crediting(&scene.pool))
            .await
            .unwrap(),
        1
    );
    let theirs = scene.pool.store("index", "default", r#"{"id": 1}"#).await;
    let client = scene.pool.clone().client_of_river();
    let mut running = client.start().unwrap();
    scene.until(theirs, "completed").await;
    running.stop().await.unwrap();
    let columns = [
        &P::json("args"),
        "attempt",
        "attempted_by IS NULL",
        "errors",
        "finalized_at >= attempted_at",
        "kind",
        "max_attempts",
        &P::json("metadata"),
        "priority",
        "queue",
        "scheduled_at <= attempted_at",
        "state",
        &P::json("tags"),
        "unique_key",
        "unique_states",
        &P::form("finalized_at"),
    ];
    let pair = (ours, theirs);
    scene.assert_alike(pair, &columns, "completed").await;
}

on_each_database! {
    a_job_and_what_its_handler_writes_are_stored_together,
    a_job_is_not_completed_by_a_transaction_that_rolls_back,
    what_has_ended_meanwhile_is_refused_and_rolled_back,
    a_job_that_is_completed_here_looks_like_one_that_river_has_completed,
}

/// Stores an effect of the job and completes it, by a sync driver.
#[commit_on_success]
fn credit(conn: &mut Connection, context: &Context, id: i64) -> anyhow::Result<()> {
    conn.execute(
        "INSERT INTO credit VALUES (?1, ?2)",
        (id, context.attempt()),
    )?;
    context.complete_blocking(conn)?;
    anyhow::ensure!(id != -1 || context.attempt() > 1, "after it was completed");
    assert!(id != 13, "thirteen");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_blocks_completes_its_job_on_a_connection_of_its_own() {
    let scene = with_credits(Scene::<SqlitePool>::bare().await).await;
    let path = scene.location.clone();
    let handlers = Handlers::new().handle_blocking(move |context: Context, job: Index| {
        let mut conn = Connection::open(&path)?;
        credit(&mut conn, &context, job.id)?;
        let again = credit(&mut conn, &context, job.id).unwrap_err();
        let error = again.downcast_ref::<Error>();
        assert!(matches!(error, Some(Error::NotRunning { .. })), "{error:?}");
        anyhow::Ok(())
    });
    let mut jobs = Vec::new();
    for id in [5, -1, 13] {
        let json = format!(r#"{{"id": {id}}}"#);
        jobs.push(scene.pool.store("index", "default", &json).await);
    }
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 3);
    assert_eq!(scene.state(jobs[0]).await, "completed");
    for (job, words) in [(jobs[1], "after it was completed"), (jobs[2], "thirteen")] {
        let error = scene.error(job).await;
        assert!(error.contains(words), "{error}");
    }
    assert_eq!(scene.pool.number("SELECT count(*) FROM credit").await, 1);
    scene.pool.pass_an_hour().await;
    assert_eq!(Worker::drain(&scene.pool, &handlers).await.unwrap(), 2);
    assert_eq!(scene.state(jobs[1]).await, "completed");
    assert_eq!(scene.pool.number("SELECT count(*) FROM credit").await, 2);
}
