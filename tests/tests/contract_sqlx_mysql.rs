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
#[path = "../contract/only/ended_session.rs"]
mod ended_session;
#[path = "../contract/handle/mod.rs"]
mod handle;
#[path = "../contract/handle_driver/sqlx.rs"]
mod handle_driver;
#[path = "../contract/handle_driver/server.rs"]
mod handle_server;
#[path = "../contract/only/left_behind.rs"]
mod left_behind;
#[path = "../contract/only/sqlx_messages.rs"]
mod messages;
#[path = "../contract/only/mariadb.rs"]
mod only;
#[path = "../contract/server.rs"]
mod server;
#[path = "../contract/suite/mod.rs"]
mod suite;
#[path = "../contract/support.rs"]
mod support;
#[path = "../contract/verdicts.rs"]
mod verdicts;
#[path = "../contract/wire.rs"]
mod wire;

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
    mod ended_session {
        include!(concat!(env!("OUT_DIR"), "/handle/ended_session.rs"));
    }
    mod mariadb {
        include!(concat!(env!("OUT_DIR"), "/handle/mariadb.rs"));
    }
    mod left_behind {
        include!(concat!(env!("OUT_DIR"), "/handle/left_behind.rs"));
    }
    mod suite {
        include!(concat!(env!("OUT_DIR"), "/handle/suite/mod.rs"));
    }
    mod tasks {
        include!(concat!(env!("OUT_DIR"), "/handle/tasks.rs"));
    }
    mod wire {
        include!(concat!(env!("OUT_DIR"), "/handle/wire.rs"));
    }
}

mod dialect {
    use commit_on_success_tests::servers;
    use sqlx::mysql::MySqlConnectOptions;
    use sqlx::{Connection as _, Executor as _, MySqlConnection};

    use crate::server::{Cleanup, fresh_name};

    pub(crate) use commit_on_success_test_macros::server_test as test;

    pub(crate) type Db = sqlx::MySql;

    pub(crate) const TABLES: [&str; 1] =
        ["CREATE TABLE item (id BIGINT PRIMARY KEY, note INT NOT NULL DEFAULT 0) ENGINE = InnoDB"];
    pub(crate) const INSERT: &str = "INSERT INTO item (id) VALUES (?)";
    /// `START TRANSACTION` commits what is open.
    pub(crate) const AFTER_LEFT_BEHIND: &[i64] = &[1, 2];

    /// Drops the database.
    pub(crate) type Kept = Cleanup;

    pub(crate) async fn create() -> (MySqlConnectOptions, Kept) {
        let server: MySqlConnectOptions = servers::mysql().parse().unwrap();
        let name = fresh_name();
        let mut conn = MySqlConnection::connect_with(&server).await.unwrap();
        let create = format!("CREATE DATABASE {name}");
        conn.execute(sqlx::AssertSqlSafe(create)).await.unwrap();
        let statement = format!("SET lock_wait_timeout = 2; DROP DATABASE {name}");
        let options = server.clone().database(&name);
        (options, Cleanup::new(server, statement))
    }

    /// The SQLSTATE of the database's error.
    pub(crate) fn sqlstate(error: &sqlx::Error) -> Option<String> {
        Some(error.as_database_error()?.code()?.into_owned())
    }

    /// The statement that tells which session this is.
    pub(crate) const SESSION: &str = "SELECT CAST(CONNECTION_ID() AS SIGNED)";

    /// Ends a session, and waits until it is gone.
    pub(crate) async fn end_session(db: &crate::driver::Database, session: i64) {
        let mut conn = MySqlConnection::connect_with(&db.options).await.unwrap();
        let end = format!("KILL {session}");
        conn.execute(sqlx::AssertSqlSafe(end)).await.unwrap();
        let look = format!("SELECT id FROM information_schema.processlist WHERE id = {session}");
        while let Some(_alive) = conn
            .fetch_optional(sqlx::AssertSqlSafe(look.clone()))
            .await
            .unwrap()
        {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        conn.close().await.unwrap();
    }

    impl crate::driver::Database {
        /// The address at which the server listens.
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
