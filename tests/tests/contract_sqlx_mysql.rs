//! The contract suite on sqlx with MariaDB.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../contract/asynchronous/mod.rs"]
mod asynchronous;
#[path = "../contract/sqlx.rs"]
mod driver;
#[path = "../contract/only/left_behind.rs"]
mod left_behind;
#[path = "../contract/only/mariadb.rs"]
mod only;
#[path = "../contract/server.rs"]
mod server;
#[path = "../contract/suite/mod.rs"]
mod suite;
#[path = "../contract/support.rs"]
mod support;
#[path = "../contract/wire.rs"]
mod wire;

mod dialect {
    use commit_on_success_tests::servers;
    use sqlx::mysql::MySqlConnectOptions;
    use sqlx::{Connection as _, Executor as _, MySqlConnection};

    use crate::server::{Cleanup, fresh_name};

    pub(crate) type Db = sqlx::MySql;

    pub(crate) const TABLES: [&str; 1] =
        ["CREATE TABLE item (id BIGINT PRIMARY KEY, note INT NOT NULL DEFAULT 0) ENGINE = InnoDB"];
    pub(crate) const INSERT: &str = "INSERT INTO item (id) VALUES (?)";
    /// `START TRANSACTION` commits what is open.
    pub(crate) const AFTER_LEFT_BEHIND: &[i64] = &[1, 2];

    /// Drops the database.
    pub(crate) type Kept = Cleanup;

    pub(crate) async fn create() -> Option<(MySqlConnectOptions, Kept)> {
        let server: MySqlConnectOptions = servers::mysql()?.parse().unwrap();
        let name = fresh_name();
        let mut conn = MySqlConnection::connect_with(&server).await.unwrap();
        let create = format!("CREATE DATABASE {name}");
        conn.execute(sqlx::AssertSqlSafe(create)).await.unwrap();
        let statement = format!("SET lock_wait_timeout = 2; DROP DATABASE {name}");
        let options = server.clone().database(&name);
        Some((options, Cleanup::new(server, statement)))
    }

    /// What the database's error is called.
    pub(crate) fn sqlstate(error: &sqlx::Error) -> Option<String> {
        Some(error.as_database_error()?.code()?.into_owned())
    }

    impl crate::driver::Database {
        /// Where the server listens.
        pub(crate) fn server(&self) -> (String, u16) {
            (self.options.get_host().to_owned(), self.options.get_port())
        }

        /// The same database through a proxy.
        pub(crate) fn through(&self, proxy: std::net::SocketAddr) -> Self {
            let mut proxied = self.clone();
            let host = proxy.ip().to_string();
            proxied.options = proxied.options.host(&host).port(proxy.port());
            proxied
        }
    }
}
