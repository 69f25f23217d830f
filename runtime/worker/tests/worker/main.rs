//! Workers, on a file of SQLite and on a server of PostgreSQL.
#![allow(missing_docs, reason = "a test program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test says where"
)]

mod bad_input;
mod complete;
mod examples;
mod jobs;
mod life;
mod pinned;
mod process_death;
mod scene;
mod tested;
mod testing;
mod testing_blocking;
mod testing_pinned;
mod wake_up;

#[allow(dead_code, unreachable_pub, reason = "the other tests use all of it")]
#[path = "../../../../tests/src/faults.rs"]
mod faults;
#[allow(dead_code, unreachable_pub, reason = "the other tests use all of it")]
#[path = "../../../../tests/src/servers.rs"]
mod servers;
