//! The contract suite on deadpool-postgres: pools, and functions that take what they give.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../contract/only/tokio_postgres.rs"]
mod bodies;
#[path = "../contract/asynchronous/cancellation.rs"]
mod cancellation;
#[path = "../contract/only/tokio_postgres_cancellation.rs"]
mod cancellation_anywhere;
#[path = "../contract/only/tokio_postgres_commit.rs"]
mod commit;
#[path = "../contract/tokio_postgres.rs"]
mod driver;
#[path = "../contract/ends.rs"]
mod ends;
#[path = "../contract/suite/failing_commit.rs"]
mod failing_commit;
#[path = "../contract/only/tokio_postgres_given.rs"]
mod given;
#[path = "../contract/only/left_behind.rs"]
mod left_behind;
#[path = "../contract/only/postgres_limits.rs"]
mod limits;
#[path = "../contract/only/tokio_postgres_lost.rs"]
mod lost;
#[path = "../contract/only/deadpool_postgres.rs"]
mod only;
#[path = "../contract/only/postgres_options.rs"]
mod options;
#[path = "../contract/only/postgres.rs"]
mod postgres;
#[path = "../contract/suite/mod.rs"]
mod suite;
#[path = "../contract/support.rs"]
mod support;
#[path = "../contract/asynchronous/tasks.rs"]
mod tasks;
#[path = "../contract/wire.rs"]
mod wire;

mod dialect {
    use tokio_postgres::Config;

    pub(crate) type Connection = deadpool_postgres::Object;
    pub(crate) type Begun<'t> = deadpool_postgres::Transaction<'t>;

    pub(crate) const AFTER_LEFT_BEHIND: &[i64] = &[2];

    /// Outlives its pool.
    pub(crate) async fn connect(config: &Config) -> Connection {
        let pool = crate::driver::pool(config.clone(), 1);
        crate::driver::take(&pool).await
    }
}
