//! What was committed runs, whatever becomes of the broker, and nothing else.

use std::collections::BTreeMap;

use anyhow::ensure;
use commit_on_success::{commit_on_success, enqueue};
use commit_on_success_worker::{Settings, Worker, celery};
use serde_json::json;
use sqlx::{PgPool, SqlitePool};

use crate::python::Note;
use crate::servers;
use crate::stage::{Broker, Stage, args, on_each_broker};
use crate::stoppable::Stop;

#[commit_on_success(tx = pool)]
async fn outer(
    pool: &SqlitePool,
    number: i64,
    task: celery::Task,
    inside: celery::Task,
) -> anyhow::Result<()> {
    enqueue!(tx, task).await?;
    let inside = inner(tx, inside).await;
    assert!(inside.is_err(), "its savepoint was rolled back");
    ensure!(number % 4 != 0, "it is one that fails");
    Ok(())
}

#[commit_on_success]
async fn inner(tx: &mut sqlx::SqliteConnection, task: celery::Task) -> anyhow::Result<()> {
    enqueue!(tx, task).await?;
    anyhow::bail!("it always fails")
}

async fn what_was_committed_runs_and_nothing_of_what_was_rolled_back(broker: Broker) {
    let Some(stage) = Stage::new(broker).await else {
        return;
    };
    let settings = Settings::default();
    let worker = Worker::start(stage.jobs.pool.clone(), stage.handlers(), &settings);
    let worker = worker.await.unwrap();
    let celery = stage.celery();
    let mut expected = Vec::new();
    for number in 1..=100 {
        let force = BTreeMap::from([("title", format!("„{number}“ it's"))]);
        let task = stage.note(number).kwargs(&force);
        let id = task.id();
        let stored = outer(&stage.jobs.pool, number, task, stage.note(-number)).await;
        assert_eq!(stored.is_ok(), number % 4 != 0);
        if stored.is_ok() {
            expected.push(Note {
                id,
                args: args(number),
                kwargs: BTreeMap::from([("title".to_owned(), json!(force["title"]))]),
            });
        }
    }
    let last = stage.jobs.commit(stage.note(101)).await;
    let mut notes = celery.until(expected.len() + 1).await;
    worker.shutdown().await.unwrap();
    stage.jobs.are_completed().await;
    notes.sort_by_key(|note| note.args[0].as_i64());
    assert_eq!(notes.pop().unwrap().id, last);
    assert_eq!(notes, expected);
}

async fn a_task_waits_in_a_queue_that_nobody_has_declared(broker: Broker) {
    let Some(stage) = Stage::new(broker).await else {
        return;
    };
    let id = stage.jobs.commit(stage.note(1)).await;
    assert_eq!(stage.jobs.drain(&stage.handlers()).await, 1);
    stage.jobs.are_completed().await;
    let notes = stage.celery().until(1).await;
    assert_eq!(notes[0].id, id);
}

async fn tasks_wait_while_their_broker_is_away(broker: Broker) {
    let Some(mut stage) = Stage::alone(broker).await else {
        return;
    };
    let handlers = stage.handlers();
    stage.jobs.commit(stage.note(0)).await;
    stage.jobs.drain(&handlers).await;
    stage.jobs.are_completed().await;
    stage.server().stop(Stop::Politely);
    for number in 1..=5 {
        stage.jobs.commit(stage.note(number)).await;
    }
    assert_eq!(stage.jobs.drain(&handlers).await, 5);
    let states = stage.jobs.states().await;
    for (state, error) in &states[1..] {
        assert_eq!(state, "available");
        let error = error.as_deref().unwrap();
        assert!(
            error.contains(&format!(
                "has not taken a task for the queue `{}`",
                stage.queue
            )),
            "{error}"
        );
    }
    stage.server().start_again();
    assert_eq!(stage.jobs.drain_later(&handlers).await, 5);
    stage.jobs.are_completed().await;
    // What it has confirmed is still there after this.
    stage.server().stop(Stop::Kill);
    stage.server().start_again();
    let mut notes = stage.celery().until(6).await;
    notes.sort_by_key(|note| note.args[0].as_i64());
    let numbers: Vec<_> = notes.into_iter().map(|note| note.args).collect();
    assert_eq!(numbers, (0..=5).map(args).collect::<Vec<_>>());
}

/// Stores a task in PostgreSQL.
#[commit_on_success(tx = pool)]
async fn store(pool: &PgPool, task: celery::Task) -> anyhow::Result<()> {
    enqueue!(tx, task).await?;
    Ok(())
}

async fn a_task_that_was_stored_in_postgresql_arrives_as_it_is(broker: Broker) {
    let Some(stage) = Stage::new(broker).await else {
        return;
    };
    let schema = format!("celery_{:x}", fastrand::u64(..));
    let options: sqlx::postgres::PgConnectOptions = servers::postgres().parse().unwrap();
    let pool = PgPool::connect_with(options.options([("search_path", &schema)]))
        .await
        .unwrap();
    let run = async |sql: String| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&pool)
            .await
            .unwrap()
    };
    run(format!("CREATE SCHEMA {schema}")).await;
    commit_on_success_worker::migrate(&pool).await.unwrap();
    let task = celery::task("tasks.note", (i64::MAX, 1.5, [Some("é"), None])).queue(&stage.queue);
    let id = task.id();
    store(&pool, task).await.unwrap();
    assert_eq!(Worker::drain(&pool, &stage.handlers()).await.unwrap(), 1);
    run(format!("DROP SCHEMA {schema} CASCADE")).await;
    let expected = Note {
        id,
        args: vec![json!(i64::MAX), json!(1.5), json!(["é", null])],
        kwargs: BTreeMap::new(),
    };
    assert_eq!(stage.celery().until(1).await, [expected]);
}

/// As in programs that have none of their own, each of whose workers has a thread with one.
async fn a_broker_is_connected_to_again_where_the_runtime_of_its_connection_has_ended(
    broker: Broker,
) {
    let Some(stage) = Stage::new(broker).await else {
        return;
    };
    let handlers = stage.handlers();
    stage.jobs.commit(stage.note(1)).await;
    let (pool, elsewhere) = (stage.jobs.pool.clone(), handlers.clone());
    let drained = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let own = pool.connect_options().as_ref().clone();
        runtime.block_on(async {
            let pool = SqlitePool::connect_with(own).await.unwrap();
            Worker::drain(&pool, &elsewhere).await.unwrap()
        })
    });
    assert_eq!(drained.join().unwrap(), 1);
    stage.jobs.are_completed().await;
    stage.jobs.commit(stage.note(2)).await;
    stage.jobs.drain(&handlers).await;
    stage.jobs.drain_later(&handlers).await;
    stage.jobs.are_completed().await;
    assert_eq!(stage.celery().until(2).await.len(), 2);
}

on_each_broker! {
    a_broker_is_connected_to_again_where_the_runtime_of_its_connection_has_ended,
    what_was_committed_runs_and_nothing_of_what_was_rolled_back,
    a_task_waits_in_a_queue_that_nobody_has_declared,
    tasks_wait_while_their_broker_is_away,
    a_task_that_was_stored_in_postgresql_arrives_as_it_is,
}
