//! The contract suite on diesel-async with SQLite and deadpool.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../contract/diesel_async/sqlite.rs"]
mod dialect;
#[path = "../contract/diesel_async/mod.rs"]
mod driver;
#[path = "../contract/suite/failing_commit.rs"]
mod failing_commit;
#[path = "../contract/only/left_behind.rs"]
mod left_behind;
#[path = "../contract/only/diesel.rs"]
mod of_diesel;
#[path = "../contract/only/diesel_sqlite.rs"]
mod only;
#[path = "../contract/only/diesel_async.rs"]
mod only_async;
#[path = "../contract/only/diesel_async_sqlite.rs"]
mod only_here;
#[path = "../contract/only/diesel_owned.rs"]
mod owned;
#[path = "../contract/diesel_async/deadpool.rs"]
mod pools;
#[path = "../contract/suite/replaced.rs"]
mod replaced;
#[path = "../contract/only/diesel_savepoints.rs"]
mod savepoints;
#[path = "../contract/suite/sqlite.rs"]
mod sqlite;
#[path = "../contract/support.rs"]
mod support;
#[path = "../contract/asynchronous/tasks.rs"]
mod tasks;

/// The form for diesel-async, which the build script derives.
#[allow(clippy::needless_pass_by_value, reason = "a future owns what it uses")]
mod derived {
    mod cancellation {
        include!(concat!(env!("OUT_DIR"), "/diesel_async/cancellation.rs"));
    }
    mod suite {
        include!(concat!(env!("OUT_DIR"), "/diesel_async/suite/mod.rs"));
    }
}
