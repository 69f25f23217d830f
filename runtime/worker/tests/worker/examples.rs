//! The examples say what their pages promise.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Once;

use commit_on_success_worker::{Context, Handlers, Worker};
use sqlx::{PgPool, SqlitePool};

use crate::scene::{Index, Scene, Store};
use crate::servers;

/// The output of an example, which is built with the other targets of a plain `cargo test`.
fn run(example: &str, argument: Option<&str>) -> Option<String> {
    static SAID: Once = Once::new();
    let program = std::env::current_exe().unwrap();
    let target: PathBuf = program.ancestors().nth(2).unwrap().into();
    let example = target.join("examples").join(example);
    if !example.exists() {
        servers::leave_out("examples are not built by `--test`", &SAID);
        return None;
    }
    let output = Command::new(example).args(argument).output().unwrap();
    let (out, err) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(output.status.success(), "{out}{err}");
    Some(out)
}

fn assert_that_the_index_follows(said: &str) {
    let lines: Vec<_> = said.lines().collect();
    let [died, before, after] = lines[..] else {
        panic!("{said}")
    };
    assert!(died.contains("and died: signal: 6"), "{died}");
    assert_eq!(
        before,
        r#"before the worker starts, "process" is found in []"#
    );
    assert_eq!(after, r#"after 2 jobs, "process" is found in [1, 3]"#);
}

#[test]
fn an_index_follows_the_objects_of_a_file_although_a_process_dies_right_after_its_commit() {
    if let Some(said) = run("durable", None) {
        assert_that_the_index_follows(&said);
    }
}

#[commit_on_success_test_macros::server_test]
async fn an_index_follows_the_objects_of_a_server_although_a_process_dies_right_after_its_commit() {
    let scene = Scene::<PgPool>::bare().await;
    if let Some(said) = run("durable", Some(&scene.url())) {
        assert_that_the_index_follows(&said);
    }
}

/// One job that is done, one that was given up, two that wait.
async fn some_jobs<P: Store>(scene: Scene<P>) -> Scene<P> {
    let scene = scene.migrated().await;
    let handlers = Handlers::new().handle(async |_: Context, job: Index| {
        anyhow::ensure!(job.id != 13, "thirteen cannot be indexed");
        Ok(())
    });
    scene.pool.store("index", "default", r#"{"id": 12}"#).await;
    scene.pool.store("index", "default", r#"{"id": 13}"#).await;
    scene
        .pool
        .run("UPDATE river_job SET max_attempts = 1")
        .await;
    Worker::drain(&scene.pool, &handlers).await.unwrap();
    for _ in 0..2 {
        scene.pool.store("mail", "default", "{}").await;
    }
    scene
}

const SHOWN: &str = "index
       1 is done
       1 was given up
mail
       2 waits
job 2 (index): thirteen cannot be indexed
";

#[tokio::test]
async fn jobs_of_a_file_are_shown() {
    let scene = some_jobs(Scene::<SqlitePool>::bare().await).await;
    if let Some(said) = run("jobs", Some(&scene.location)) {
        assert_eq!(said, SHOWN);
    }
}

#[commit_on_success_test_macros::server_test]
async fn jobs_of_a_server_are_shown() {
    let scene = Scene::<PgPool>::bare().await;
    let scene = some_jobs(scene).await;
    if let Some(said) = run("jobs", Some(&scene.url())) {
        assert_eq!(said, SHOWN);
    }
}
