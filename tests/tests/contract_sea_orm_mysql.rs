//! The contract suite on sea-orm with MariaDB.
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
#[path = "../contract/handle_driver/server.rs"]
mod handle_server;
#[path = "../contract/only/sea_orm_limits.rs"]
mod limits;
#[path = "../contract/only/sea_orm.rs"]
mod only;
#[path = "../contract/only/sea_orm_mysql.rs"]
mod only_mysql;
#[path = "../contract/only/sea_orm_own.rs"]
mod own;
#[path = "../contract/server.rs"]
mod server;
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
    mod ended_session {
        include!(concat!(env!("OUT_DIR"), "/sea_orm/ended_session.rs"));
    }
    mod mariadb {
        include!(concat!(env!("OUT_DIR"), "/sea_orm/mariadb.rs"));
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
    mod wire {
        include!(concat!(env!("OUT_DIR"), "/sea_orm/wire.rs"));
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
    mod ended_session {
        include!(concat!(env!("OUT_DIR"), "/handle/ended_session.rs"));
    }
    mod mariadb {
        include!(concat!(env!("OUT_DIR"), "/handle/mariadb.rs"));
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
    use sea_orm::{DbErr, RuntimeErr};
    use sqlx::mysql::MySqlConnectOptions;
    use sqlx::{Connection as _, Executor as _, MySqlConnection};

    use crate::server::{Cleanup, fresh_name};

    pub(crate) use commit_on_success_test_macros::{
        server_test as test, sync_server_test as sync_test,
    };

    pub(crate) type Db = sqlx::MySql;

    pub(crate) const TABLES: [&str; 1] =
        ["CREATE TABLE item (id BIGINT PRIMARY KEY, note INT NOT NULL DEFAULT 0) ENGINE = InnoDB"];

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
    pub(crate) fn sqlstate(error: &DbErr) -> Option<String> {
        let (DbErr::Exec(error) | DbErr::Query(error)) = error else {
            return None;
        };
        let RuntimeErr::SqlxError(error) = error else {
            return None;
        };
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
