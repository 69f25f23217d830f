//! The contract suite on diesel with PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../contract/diesel.rs"]
mod driver;
#[path = "../contract/only/diesel_several.rs"]
mod several;
#[path = "../contract/support.rs"]
mod support;
#[path = "../contract/only/diesel_postgres_sync.rs"]
mod sync;

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
        include!(concat!(env!("OUT_DIR"), "/only/diesel_postgres.rs"));
    }
    mod options {
        include!(concat!(env!("OUT_DIR"), "/only/postgres_options.rs"));
    }
    mod postgres {
        include!(concat!(env!("OUT_DIR"), "/only/postgres.rs"));
    }
    mod suite {
        include!(concat!(env!("OUT_DIR"), "/suite/mod.rs"));
    }
}

mod dialect {
    use commit_on_success_tests::corner::{Corner, Stage as _};
    use sqlx::Postgres;
    use tokio::runtime::Builder;

    pub(crate) use commit_on_success_test_macros::sync_server_test as test;

    pub(crate) type Connection = diesel::PgConnection;

    pub(crate) const TABLES: &str = "
        CREATE TABLE item (id BIGINT PRIMARY KEY);
        CREATE TABLE child (item BIGINT REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED);
    ";
    pub(crate) const PREPARE: &str = "SELECT 1";
    pub(crate) const AFTER_LEFT_BEHIND: &[i64] = &[2];
    /// Whether a begin can tell a transaction in plain SQL that was left open.
    pub(crate) const HEARS_OF_LEFTOVERS: bool = true;

    pub(crate) type Kept = Corner<Postgres>;

    pub(crate) fn create() -> (String, Kept) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let corner = runtime.block_on(Postgres::corner());
        let address = &corner.address;
        let url = format!(
            "host='{}' port={} user='{}' dbname='{}' options='{}'",
            address.get_host(),
            address.get_port(),
            address.get_username(),
            address.get_database().unwrap(),
            address.get_options().unwrap(),
        );
        (url, corner)
    }
}
