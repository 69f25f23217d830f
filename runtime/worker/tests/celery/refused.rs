//! Brokers that are there, and do not take a task.

use commit_on_success_test_macros::server_test;
use lapin::types::AMQPValue;

use crate::amqp::Other;
use crate::proxy::Proxy;
use crate::redis::other;
use crate::stage::{Broker, Stage};

#[server_test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_a_task_which_is_tried_again_by_the_same_connection() {
    let Some(stage) = Stage::new(Broker::Amqp).await else {
        return;
    };
    let other = Other::at(&stage.url).await;
    let full = [
        ("x-max-length", AMQPValue::LongInt(1)),
        ("x-overflow", AMQPValue::LongString("reject-publish".into())),
    ];
    other.declare(&stage.queue, &full).await;
    let proxy = Proxy::to(("127.0.0.1", stage.port)).await.unwrap();
    let handlers = stage
        .broker
        .handlers(&stage.broker.url(proxy.address().port()));
    let first = stage.jobs.commit(stage.note(1)).await;
    stage.jobs.drain(&handlers).await;
    stage.jobs.are_completed().await;
    sqlx::query("DELETE FROM river_job")
        .execute(&stage.jobs.pool)
        .await
        .unwrap();
    let second = stage.jobs.commit(stage.note(2)).await;
    stage.jobs.drain(&handlers).await;
    let error = stage.jobs.error().await;
    assert_eq!(
        error,
        format!(
            "the broker has refused a task for the queue `{}`: the queue may be full",
            stage.queue
        )
    );
    assert_eq!(other.take(&stage.queue).await, Some(first));
    assert_eq!(stage.jobs.drain_later(&handlers).await, 1);
    stage.jobs.are_completed().await;
    assert_eq!(other.take(&stage.queue).await, Some(second));
    assert_eq!(proxy.ports().len(), 1);
}

#[server_test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_rabbitmq_returns_is_tried_again_and_its_queue_declared_again() {
    let Some(stage) = Stage::new(Broker::Amqp).await else {
        return;
    };
    let proxy = Proxy::to(("127.0.0.1", stage.port)).await.unwrap();
    let handlers = stage
        .broker
        .handlers(&stage.broker.url(proxy.address().port()));
    stage.jobs.commit(stage.note(1)).await;
    stage.jobs.drain(&handlers).await;
    stage.jobs.are_completed().await;
    sqlx::query("DELETE FROM river_job")
        .execute(&stage.jobs.pool)
        .await
        .unwrap();
    let other = Other::at(&stage.url).await;
    other.delete(&stage.queue).await;
    let id = stage.jobs.commit(stage.note(2)).await;
    stage.jobs.drain(&handlers).await;
    let error = stage.jobs.error().await;
    assert_eq!(
        error,
        format!(
            "the broker has returned a task for the queue `{}`: NO_ROUTE",
            stage.queue
        )
    );
    assert_eq!(stage.jobs.drain_later(&handlers).await, 1);
    stage.jobs.are_completed().await;
    assert_eq!(other.take(&stage.queue).await, Some(id));
    assert_eq!(other.take(&stage.queue).await, None);
    assert_eq!(proxy.ports().len(), 1);
}

/// One declaration that does not fit is an error of RabbitMQ's, which has no meaning for who only publishes.
#[server_test(flavor = "multi_thread", worker_threads = 2)]
async fn queues_of_all_kinds_take_tasks() {
    let Some(stage) = Stage::new(Broker::Amqp).await else {
        return;
    };
    let other = Other::at(&stage.url).await;
    let proxy = Proxy::to(("127.0.0.1", stage.port)).await.unwrap();
    let handlers = stage
        .broker
        .handlers(&stage.broker.url(proxy.address().port()));
    for (kind, argument) in [
        (
            "quorum",
            ("x-queue-type", AMQPValue::LongString("quorum".into())),
        ),
        ("priority", ("x-max-priority", AMQPValue::LongInt(10))),
    ] {
        let queue = format!("{}_{kind}", stage.queue);
        other.declare(&queue, &[argument]).await;
        let id = stage.jobs.commit(stage.note(1).queue(&queue)).await;
        stage.jobs.drain(&handlers).await;
        stage.jobs.are_completed().await;
        assert_eq!(other.take(&queue).await, Some(id), "{kind}");
    }
    assert_eq!(proxy.ports().len(), 1);
}

#[server_test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_redis_refuses_is_tried_again_by_the_same_connection() {
    let Some(stage) = Stage::new(Broker::Redis).await else {
        return;
    };
    let mut other = other(&stage.url).await;
    let proxy = Proxy::to(("127.0.0.1", stage.port)).await.unwrap();
    let handlers = stage
        .broker
        .handlers(&stage.broker.url(proxy.address().port()));
    let run = redis::cmd("SET")
        .arg(&stage.queue)
        .arg("no list")
        .exec_async(&mut other)
        .await;
    run.unwrap();
    let id = stage.jobs.commit(stage.note(1)).await;
    stage.jobs.drain(&handlers).await;
    let error = stage.jobs.error().await;
    let expected = format!(
        "the broker has not taken a task for the queue `{}`",
        stage.queue
    );
    assert!(error.starts_with(&expected), "{error}");
    redis::cmd("DEL")
        .arg(&stage.queue)
        .exec_async(&mut other)
        .await
        .unwrap();
    assert_eq!(stage.jobs.drain_later(&handlers).await, 1);
    stage.jobs.are_completed().await;
    let message: String = redis::cmd("RPOP")
        .arg(&stage.queue)
        .query_async(&mut other)
        .await
        .unwrap();
    assert!(message.contains(&id), "{message}");
    assert_eq!(proxy.ports().len(), 1);
}
