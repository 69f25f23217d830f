//! The rows that a test has run look like those that River has run.

use std::io;

use commit_on_success_worker::{BoxError, Context, Handlers, Worker};
use riverqueue::JobCancelError;
use sqlx::{PgPool, SqlitePool};

use crate::scene::{Index, Scene, Store, on_each_database};
use crate::tested::Tested;

/// An error that says its source, and one that says nothing else.
#[derive(Debug, thiserror::Error)]
enum Wordy {
    #[error("the index is broken: {0}")]
    Both(#[source] io::Error),
    #[error("{0}")]
    SourceOnly(#[source] io::Error),
    #[error("attempt 5")]
    EndsAlike(#[source] io::Error),
}

/// The ends that an attempt may have, by the number of its job.
const JOBS: [(&str, i64); 9] = [
    ("completed", 0),
    ("chain", 1),
    ("says its source", 2),
    ("says its source only", 3),
    ("ends as its source", 4),
    ("panic", 5),
    ("panic without words", 6),
    ("cancelled", 7),
    ("cancelled inside", 8),
];

async fn handle(_: Context, job: Index) -> Result<(), BoxError> {
    let disk = io::Error::other("the disk is full");
    match job.id {
        0 => Ok(()),
        1 => Err(anyhow::Error::new(disk)
            .context("the index is broken")
            .into()),
        2 => Err(Wordy::Both(disk).into()),
        3 => Err(Wordy::SourceOnly(disk).into()),
        4 => Err(Wordy::EndsAlike(io::Error::other("5")).into()),
        5 => panic!("the disk is {}", "full"),
        6 => std::panic::panic_any(6),
        7 => Err(JobCancelError::new("there is no such object").into()),
        8 => Err(io::Error::other(JobCancelError::new(disk)).into()),
        _ => unreachable!("there is no such job"),
    }
}

/// A store whose rows are held against River's.
trait Pinned: Tested {
    /// The errors, without the times, which are of one form, and what River's tasks have to say of a panic.
    const ERRORS: &'static str;

    /// The delay of the next attempt, in units of 20 seconds: River's differ by a tenth.
    const DELAY: &'static str;
}

impl Pinned for SqlitePool {
    const ERRORS: &'static str = "(SELECT json_group_array(json(json_set(json_remove(value, '$.trace'), \
        '$.at', value ->> 'at' LIKE '20__-__-__T__:__:__.%Z'))) FROM json_each(errors))";
    const DELAY: &'static str =
        "CAST(round((julianday(scheduled_at) - julianday(attempted_at)) * 4320) AS integer)";
}

impl Pinned for PgPool {
    const ERRORS: &'static str = "(SELECT jsonb_agg(error - 'trace' || \
        jsonb_build_object('at', error ->> 'at' LIKE '20__-__-__T__:__:__.%Z')) FROM unnest(errors) AS error)";
    const DELAY: &'static str = "round(extract(epoch FROM scheduled_at - attempted_at) / 20)";
}

async fn assert_alike<P: Pinned>(scene: &Scene<P>, pair: (i64, i64), which: &str) {
    let columns = [
        "state",
        "attempt",
        "max_attempts",
        "finalized_at IS NULL",
        "finalized_at >= attempted_at",
        "attempted_by IS NULL",
        P::ERRORS,
        <P as Pinned>::DELAY,
        &P::json("args"),
        &P::json("metadata"),
        &P::form("attempted_at"),
        &P::form("scheduled_at"),
        &P::form("coalesce(finalized_at, attempted_at)"),
    ];
    scene.assert_alike(pair, &columns, which).await;
}

/// Two equal jobs, the first of which is a test's and has an odd number.
async fn twice<P: Store>(scene: &Scene<P>, json: &str) -> (i64, i64) {
    let store = || scene.pool.store("index", "default", json);
    (store().await, store().await)
}

/// Has the jobs wait whose numbers are even, or odd.
async fn only<P: Store>(scene: &Scene<P>, odd: i64) {
    let sql = format!(
        "UPDATE river_job SET queue = CASE id % 2 WHEN {odd} THEN 'default' ELSE 'other' END"
    );
    scene.pool.run(&sql).await;
}

async fn what_becomes_of_a_job_is_what_river_makes_of_it<P: Pinned>(scene: Scene<P>) {
    let scene = scene.migrated().await;
    let given_up = twice(&scene, r#"{"id": 1}"#).await;
    let twice_at_most = "UPDATE river_job SET max_attempts = 2";
    scene.pool.run(twice_at_most).await;
    let unread = twice(&scene, r#"{"number": 7}"#).await;
    let mut pairs = vec![("given up", given_up), ("unread", unread)];
    for (which, id) in JOBS {
        let json = format!(r#"{{"id": {id}}}"#);
        pairs.push((which, twice(&scene, &json).await));
    }
    let (handlers, db) = (Handlers::new().handle(handle), scene.pool.handle());
    for attempt in 1..=3 {
        only(&scene, 1).await;
        let ours = P::run_due(&db, &handlers).await.unwrap().len();
        only(&scene, 0).await;
        let theirs = Worker::drain(&scene.pool, &handlers).await.unwrap();
        assert_eq!(ours, theirs, "attempt {attempt}");
        for (which, pair) in &pairs {
            assert_alike(&scene, *pair, &format!("{which}, attempt {attempt}")).await;
        }
        scene.pool.pass_an_hour().await;
    }
    for (state, expected) in [
        ("completed", 2),
        ("cancelled", 4),
        ("discarded", 2),
        ("retryable", 14),
    ] {
        assert_eq!(scene.count(state).await, expected, "{state}");
    }
}

on_each_database! {
    what_becomes_of_a_job_is_what_river_makes_of_it,
}
