//! The example does what its page says, on both of its sides.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Once;

use crate::servers;
use crate::stage::{Broker, Stage, on_each_broker};

async fn an_object_is_indexed_by_celery_if_it_was_committed(broker: Broker) {
    static SAID: Once = Once::new();
    let program = std::env::current_exe().unwrap();
    let target: PathBuf = program.ancestors().nth(2).unwrap().into();
    let example = target.join("examples/celery");
    if !example.exists() {
        servers::leave_out("examples are not built by `--test`", &SAID);
        return;
    }
    // The example has the queue of all tasks that name none.
    let Some(stage) = Stage::alone(broker).await else {
        return;
    };
    let output = Command::new(example).arg(&stage.url).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{:?}", output.stderr);
    let lines: Vec<_> = said.lines().collect();
    let [stored, refused, published] = lines[..] else {
        panic!("{said}")
    };
    let task = stored
        .strip_prefix("object 1 is stored, with task ")
        .unwrap();
    assert_eq!(refused, "object 2 is not: an object has a title");
    assert_eq!(published, "1 task is published");
    let directory = stage.jobs.directory.path();
    let celery = stage
        .python
        .worker_in("examples", &stage.url, "celery", directory);
    let log = celery
        .until_logged("object 1 is indexed: Two Generals")
        .await;
    assert!(log.contains(task), "{log}");
    assert!(!log.contains("object 2"), "{log}");
}

on_each_broker! {
    an_object_is_indexed_by_celery_if_it_was_committed,
}
