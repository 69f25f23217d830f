//! The contract suite on sqlx with SQLite.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../contract/asynchronous/mod.rs"]
mod asynchronous;
#[path = "../contract/only/deferred_constraints.rs"]
mod deferred_constraints;
#[path = "../contract/sqlx.rs"]
mod driver;
#[path = "../contract/suite/failing_commit.rs"]
mod failing_commit;
#[path = "../contract/handle/mod.rs"]
mod handle;
#[path = "../contract/handle_driver/sqlx.rs"]
mod handle_driver;
#[path = "../contract/only/left_behind.rs"]
mod left_behind;
#[path = "../contract/only/sqlx_sqlite.rs"]
mod only;
#[path = "../contract/suite/replaced.rs"]
mod replaced;
#[path = "../contract/suite/sqlite.rs"]
mod sqlite;
#[path = "../contract/suite/mod.rs"]
mod suite;
#[path = "../contract/support.rs"]
mod support;
#[path = "../contract/verdicts.rs"]
mod verdicts;

/// The suite by handles of pools, in the form that the build script derives.
#[allow(
    unused_imports,
    unused_mut,
    clippy::needless_borrow,
    clippy::needless_pass_by_ref_mut,
    reason = "the other forms lend `&mut` where this form lends `&`"
)]
mod by_handle {
    use crate::handle_driver as driver;

    mod cancellation {
        include!(concat!(env!("OUT_DIR"), "/handle/cancellation.rs"));
    }
    mod deferred_constraints {
        include!(concat!(env!("OUT_DIR"), "/handle/deferred_constraints.rs"));
    }
    mod failing_commit {
        include!(concat!(env!("OUT_DIR"), "/handle/suite/failing_commit.rs"));
    }
    mod left_behind {
        include!(concat!(env!("OUT_DIR"), "/handle/left_behind.rs"));
    }
    mod replaced {
        include!(concat!(env!("OUT_DIR"), "/handle/suite/replaced.rs"));
    }
    mod sqlite {
        include!(concat!(env!("OUT_DIR"), "/handle/suite/sqlite.rs"));
    }
    mod suite {
        include!(concat!(env!("OUT_DIR"), "/handle/suite/mod.rs"));
    }
    mod tasks {
        include!(concat!(env!("OUT_DIR"), "/handle/tasks.rs"));
    }
}

mod dialect {
    use std::time::Duration;

    use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};

    pub(crate) use tokio::test;

    pub(crate) type Db = sqlx::Sqlite;

    pub(crate) const TABLES: [&str; 2] = [
        "CREATE TABLE item (id INTEGER PRIMARY KEY)",
        "CREATE TABLE child (item INTEGER REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED)",
    ];
    pub(crate) const INSERT: &str = "INSERT INTO item (id) VALUES (?1)";
    pub(crate) const AFTER_LEFT_BEHIND: &[i64] = &[2];

    /// The directory with the file.
    pub(crate) type Kept = tempfile::TempDir;

    #[expect(clippy::unused_async, reason = "other databases have a server to ask")]
    pub(crate) async fn create() -> (SqliteConnectOptions, Kept) {
        let directory = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(directory.path().join("database"))
            .create_if_missing(true)
            .busy_timeout(Duration::from_secs(20))
            .synchronous(SqliteSynchronous::Off);
        (options, directory)
    }
}
