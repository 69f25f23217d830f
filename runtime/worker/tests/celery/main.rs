//! Tasks that are published to RabbitMQ and Redis, where a worker of Celery has them from.
#![allow(missing_docs, reason = "a test program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test says where"
)]

mod amqp;
mod bad_input;
mod delivery;
mod example;
mod pinned;
mod process_death;
mod python;
mod redis;
mod refused;
mod stage;
mod times;

#[allow(dead_code, unreachable_pub, reason = "the other tests use all of it")]
#[path = "../../../../tests/src/proxy.rs"]
mod proxy;
#[allow(dead_code, unreachable_pub, reason = "the other tests use all of it")]
#[path = "../../../../tests/src/servers.rs"]
mod servers;
#[allow(dead_code, unreachable_pub, reason = "the other tests use all of it")]
#[path = "../../../../tests/src/stoppable.rs"]
mod stoppable;
