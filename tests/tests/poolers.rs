//! Poolers between a client and its server: what they answer when they have lost it, and what they make of
//! transactions, on every driver.
#![allow(missing_docs, reason = "a test program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test says where"
)]

#[path = "poolers/answers.rs"]
mod answers;
#[path = "poolers/direct.rs"]
mod direct;
#[path = "poolers/drivers.rs"]
mod drivers;
#[path = "poolers/pgbouncer.rs"]
mod pgbouncer;
#[path = "poolers/proxy.rs"]
mod proxy;
#[path = "poolers/stage.rs"]
mod stage;
#[path = "poolers/story.rs"]
mod story;
