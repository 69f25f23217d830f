//! The contract suite on diesel with MariaDB.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../contract/diesel.rs"]
mod driver;
#[path = "../contract/support.rs"]
mod support;
#[path = "../contract/only/diesel_mysql_sync.rs"]
mod sync;

/// The sync form, which the build script derives.
#[allow(clippy::needless_pass_by_value, reason = "a future owns what it uses")]
mod derived {
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
        include!(concat!(env!("OUT_DIR"), "/only/diesel_mysql.rs"));
    }
    mod suite {
        include!(concat!(env!("OUT_DIR"), "/suite/mod.rs"));
    }
}

mod dialect {
    use commit_on_success_tests::corner::{Corner, Stage as _};
    use sqlx::MySql;
    use tokio::runtime::Builder;

    pub(crate) use commit_on_success_test_macros::sync_server_test as test;

    pub(crate) type Connection = diesel::MysqlConnection;

    pub(crate) const TABLES: &str =
        "CREATE TABLE item (id BIGINT PRIMARY KEY, note INT NOT NULL DEFAULT 0) ENGINE = InnoDB";
    pub(crate) const PREPARE: &str = "DO 0";
    /// `START TRANSACTION` commits what is open.
    pub(crate) const AFTER_LEFT_BEHIND: &[i64] = &[1, 2];
    /// Whether a begin can tell a transaction in plain SQL that was left open.
    pub(crate) const HEARS_OF_LEFTOVERS: bool = false;

    pub(crate) type Kept = Corner<MySql>;

    pub(crate) fn create() -> (String, Kept) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let corner = runtime.block_on(MySql::corner());
        let address = &corner.address;
        let url = format!(
            "mysql://{}@{}:{}/{}",
            address.get_username(),
            address.get_host(),
            address.get_port(),
            address.get_database().unwrap(),
        );
        (url, corner)
    }
}
