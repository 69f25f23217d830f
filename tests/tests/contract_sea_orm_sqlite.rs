//! The contract suite on sea-orm with SQLite.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../contract/only/sea_orm_at_once.rs"]
mod at_once;
#[path = "../contract/only/sea_orm_begun.rs"]
mod begun_with_sea_orm;
#[path = "../contract/sea_orm.rs"]
mod driver;
#[path = "../contract/only/sea_orm_entities.rs"]
mod entities;
#[path = "../contract/only/sea_orm_handle.rs"]
mod handle;
#[path = "../contract/handle_driver/sea_orm.rs"]
mod handle_driver;
#[path = "../contract/only/sea_orm_limits.rs"]
mod limits;
#[path = "../contract/only/sea_orm_mock.rs"]
mod mock;
#[path = "../contract/only/sea_orm.rs"]
mod only;
#[path = "../contract/only/sea_orm_sqlite.rs"]
mod only_sqlite;
#[path = "../contract/only/sea_orm_own.rs"]
mod own;
#[path = "../contract/support.rs"]
mod support;
#[path = "../contract/verdicts.rs"]
mod verdicts;

/// The form for sea-orm, which the build script derives.
#[allow(
    unused_imports,
    unused_mut,
    clippy::needless_borrow,
    reason = "the other forms lend `&mut` where this form lends `&`"
)]
mod derived {
    mod cancellation {
        include!(concat!(env!("OUT_DIR"), "/sea_orm/cancellation.rs"));
    }
    mod deferred_constraints {
        include!(concat!(env!("OUT_DIR"), "/sea_orm/deferred_constraints.rs"));
    }
    mod failing_commit {
        include!(concat!(env!("OUT_DIR"), "/sea_orm/suite/failing_commit.rs"));
    }
    mod sqlite {
        include!(concat!(env!("OUT_DIR"), "/sea_orm/suite/sqlite.rs"));
    }
    mod given_up {
        include!(concat!(env!("OUT_DIR"), "/sea_orm/given_up.rs"));
    }
    mod suite {
        include!(concat!(env!("OUT_DIR"), "/sea_orm/suite/mod.rs"));
    }
    mod tasks {
        include!(concat!(env!("OUT_DIR"), "/sea_orm/tasks.rs"));
    }
}

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

    pub(crate) use core::prelude::v1::test as sync_test;
    pub(crate) use tokio::test;

    pub(crate) type Db = sqlx::Sqlite;

    pub(crate) const TABLES: [&str; 2] = [
        "CREATE TABLE item (id INTEGER PRIMARY KEY)",
        "CREATE TABLE child (item INTEGER REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED)",
    ];

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
