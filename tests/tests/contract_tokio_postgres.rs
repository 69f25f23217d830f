//! The contract suite on tokio-postgres: connections, and pools whose functions take connections.
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
    use commit_on_success_tests::pg;
    use tokio_postgres::Config;

    pub(crate) type Connection = tokio_postgres::Client;
    pub(crate) type Begun<'t> = tokio_postgres::Transaction<'t>;

    pub(crate) const AFTER_LEFT_BEHIND: &[i64] = &[2];

    pub(crate) async fn connect(config: &Config) -> Connection {
        pg::connect(config).await
    }
}
