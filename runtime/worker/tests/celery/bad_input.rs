//! Tasks that cannot be stored, and brokers that cannot be.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use commit_on_success::{commit_on_success, enqueue};
use commit_on_success_worker::celery::{self, Error};
use sqlx::SqlitePool;

use crate::stage::Jobs;

fn wrong(task: celery::Task) -> Error {
    task.check().unwrap_err()
}

#[test]
fn a_task_has_a_name() {
    assert!(matches!(wrong(celery::task("", (1,))), Error::NoName));
}

#[test]
fn arguments_are_a_list() {
    for task in [
        celery::task("a", 7),
        celery::task("a", "(7,)"),
        celery::task("a", BTreeMap::from([("id", 7)])),
        celery::task("a", None::<i64>),
    ] {
        assert!(matches!(wrong(task), Error::Arguments { task } if task == "a"));
    }
    for (task, length) in [
        (celery::task("a", ()), 0),
        (celery::task("a", [7, 8]), 2),
        (celery::task("a", vec!["7"]), 1),
        (celery::task("a", (7, "8", ())), 3),
    ] {
        let args = task.decode_args::<Vec<serde_json::Value>>().unwrap();
        assert_eq!(args.len(), length);
    }
}

#[test]
fn arguments_are_such_that_json_has_them() {
    let by_numbers = BTreeMap::from([((1, 2), 3)]);
    let error = anyhow::Error::from(wrong(celery::task("a", (&by_numbers,))));
    assert_eq!(
        format!("{error:#}"),
        "the arguments of the task `a` cannot be written or read as JSON: key must be a string"
    );
    let error = wrong(celery::task("a", ()).kwargs(by_numbers));
    assert!(matches!(error, Error::Json { .. }), "{error}");
}

#[test]
fn keyword_arguments_have_names() {
    let error = wrong(celery::task("a", ()).kwargs([1]));
    assert!(matches!(error, Error::KeywordArguments { task } if task == "a"));
}

#[test]
fn queues_have_names_that_brokers_take() {
    for name in [String::new(), "q".repeat(256)] {
        let error = wrong(celery::task("a", ()).queue(&name));
        assert!(matches!(error, Error::QueueName { queue } if queue == name));
    }
    assert!(celery::task("a", ()).queue("q".repeat(255)).check().is_ok());
}

#[test]
fn times_are_those_that_celery_has() {
    let long = Duration::from_hours(10_000 * 366 * 24);
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    for task in [
        celery::task("a", ()).countdown(long),
        celery::task("a", ()).countdown(Duration::MAX),
        celery::task("a", ()).expires_in(long),
        celery::task("a", ()).eta(before),
        celery::task("a", ()).expires(before),
    ] {
        assert!(matches!(wrong(task), Error::Time { task } if task == "a"));
    }
}

#[commit_on_success(tx = pool)]
async fn swallow(pool: &SqlitePool, task: celery::Task, expected: &str) -> anyhow::Result<()> {
    let stored = enqueue!(tx, task).await;
    let error = anyhow::Error::from(stored.unwrap_err());
    assert!(format!("{error:#}").contains(expected), "{error:#}");
    Ok(())
}

#[tokio::test]
async fn a_task_that_cannot_be_stored_rolls_its_transaction_back() {
    let jobs = Jobs::new().await;
    let by_numbers = BTreeMap::from([((1, 2), 3)]);
    for (task, expected) in [
        (celery::task("", (1,)), "a task of Celery needs a name"),
        (celery::task("a", (by_numbers,)), "key must be a string"),
        (celery::task("a", (1,)).queue(""), "the name of a queue"),
    ] {
        let result = swallow(&jobs.pool, task, expected).await;
        assert!(result.is_err(), "`Ok` means that it is stored");
    }
    assert_eq!(jobs.states().await, []);
}

/// Without TLS, a client of RabbitMQ would send its password as it is.
#[test]
fn a_connection_that_cannot_be_encrypted_is_refused() {
    for url in ["amqps://guest:secret@localhost", "pyamqps://localhost//"] {
        let error = celery::Amqp::open(url).unwrap_err();
        assert!(matches!(error, Error::Url { .. }), "{error}");
        assert!(error.to_string().contains("not be encrypted"), "{error}");
    }
    let error = celery::Redis::open("rediss://:secret@localhost").unwrap_err();
    assert!(matches!(error, Error::Url { .. }), "{error}");
}

#[test]
fn the_url_of_a_broker_is_one() {
    for url in [
        "",
        "localhost",
        "http://localhost",
        "amqp:guest:secret@host",
        "amqp://[",
        "redis://localhost",
    ] {
        let error = celery::Amqp::open(url).unwrap_err();
        assert!(matches!(error, Error::Url { .. }), "{url}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    for url in [
        "",
        "localhost",
        "amqp://localhost",
        "redis://:secret@",
        "redis://:secret@localhost/zero",
    ] {
        let error = celery::Redis::open(url).unwrap_err();
        assert!(matches!(error, Error::Url { .. }), "{url}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn the_urls_are_those_of_celery() {
    for (url, shown) in [
        ("amqp://", r#"host: "localhost", port: 5672, vhost: "/""#),
        (
            "amqp://guest:secret@broker//",
            r#"host: "broker", port: 5672, vhost: "/""#,
        ),
        (
            "amqp://guest:secret@broker/",
            r#"host: "broker", port: 5672, vhost: "/""#,
        ),
        (
            "pyamqp://guest:secret@broker:1/%2Fa",
            r#"host: "broker", port: 1, vhost: "/a""#,
        ),
        (
            "amqp://guest:secret@127.0.0.1/a",
            r#"host: "127.0.0.1", port: 5672, vhost: "a""#,
        ),
    ] {
        let broker = format!("{:?}", celery::Amqp::open(url).unwrap());
        assert_eq!(broker, format!("Amqp {{ {shown}, .. }}"));
    }
    for (url, shown) in [
        ("redis://localhost", "localhost:6379"),
        ("redis://user:secret@broker:1/2", "broker:1"),
    ] {
        let broker = format!("{:?}", celery::Redis::open(url).unwrap());
        assert_eq!(broker, format!("Redis {{ address: {shown}, .. }}"));
    }
}
