//! The contract suite on diesel with SQLite.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../contract/diesel.rs"]
mod driver;
#[path = "../contract/support.rs"]
mod support;

/// The sync form, which the build script derives.
#[allow(clippy::needless_pass_by_value, reason = "a future owns what it uses")]
mod derived {
    mod failing_commit {
        include!(concat!(env!("OUT_DIR"), "/suite/failing_commit.rs"));
    }
    mod left_behind {
        include!(concat!(env!("OUT_DIR"), "/only/left_behind.rs"));
    }
    mod of_diesel {
        include!(concat!(env!("OUT_DIR"), "/only/diesel.rs"));
    }
    mod owned {
        include!(concat!(env!("OUT_DIR"), "/only/diesel_owned.rs"));
    }
    mod savepoints {
        include!(concat!(env!("OUT_DIR"), "/only/diesel_savepoints.rs"));
    }
    mod only {
        include!(concat!(env!("OUT_DIR"), "/only/diesel_sqlite.rs"));
    }
    mod replaced {
        include!(concat!(env!("OUT_DIR"), "/suite/replaced.rs"));
    }
    mod sqlite {
        include!(concat!(env!("OUT_DIR"), "/suite/sqlite.rs"));
    }
    mod suite {
        include!(concat!(env!("OUT_DIR"), "/suite/mod.rs"));
    }
}

mod dialect {
    use tempfile::TempDir;

    pub(crate) use core::prelude::v1::test;

    pub(crate) type Connection = diesel::SqliteConnection;

    pub(crate) const TABLES: &str = "
        CREATE TABLE item (id INTEGER PRIMARY KEY);
        CREATE TABLE child (item INTEGER REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED);
    ";
    pub(crate) const PREPARE: &str =
        "PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF; PRAGMA busy_timeout = 20000;";
    pub(crate) const AFTER_LEFT_BEHIND: &[i64] = &[2];
    /// Whether a begin can tell a transaction in plain SQL that was left open.
    pub(crate) const HEARS_OF_LEFTOVERS: bool = true;

    /// The directory with the file.
    pub(crate) type Kept = TempDir;

    pub(crate) fn create() -> (String, Kept) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("database");
        (file.to_str().unwrap().to_owned(), directory)
    }
}
