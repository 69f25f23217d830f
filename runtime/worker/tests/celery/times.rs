//! Tasks that are to run later, or not at all when they are late.

use std::time::{Duration, Instant, SystemTime};

use crate::stage::{Broker, Stage, args, on_each_broker};

async fn a_task_runs_when_its_countdown_is_over(broker: Broker) {
    const DELAY: Duration = Duration::from_secs(4);
    let Some(stage) = Stage::new(broker).await else {
        return;
    };
    let celery = stage.celery();
    let begin = Instant::now();
    stage.jobs.commit(stage.note(1).countdown(DELAY)).await;
    stage
        .jobs
        .commit(stage.note(2).eta(SystemTime::now()))
        .await;
    stage.jobs.drain(&stage.handlers()).await;
    assert_eq!(celery.until(1).await[0].args, args(2));
    assert_eq!(celery.until(2).await[1].args, args(1));
    assert!(begin.elapsed() >= DELAY, "{:?}", begin.elapsed());
}

async fn a_task_that_has_expired_does_not_run(broker: Broker) {
    let Some(stage) = Stage::new(broker).await else {
        return;
    };
    let handlers = stage.handlers();
    stage
        .jobs
        .commit(stage.note(1).expires_in(Duration::ZERO))
        .await;
    let late = SystemTime::now() - Duration::from_mins(1);
    stage.jobs.commit(stage.note(2).expires(late)).await;
    stage.jobs.drain(&handlers).await;
    // Behind the others, as there is one process that takes them in their order.
    stage
        .jobs
        .commit(stage.note(3).expires_in(Duration::from_mins(10)))
        .await;
    stage.jobs.drain(&handlers).await;
    stage.jobs.are_completed().await;
    let notes = stage.celery().until(1).await;
    let numbers: Vec<_> = notes.into_iter().map(|note| note.args).collect();
    assert_eq!(numbers, [args(3)]);
}

on_each_broker! {
    a_task_runs_when_its_countdown_is_over,
    a_task_that_has_expired_does_not_run,
}
