//! The contract suite on sea-orm with MariaDB.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../contract/only/sea_orm_begun.rs"]
mod begun_with_sea_orm;
#[path = "../contract/sea_orm.rs"]
mod driver;
#[path = "../contract/only/sea_orm_entities.rs"]
mod entities;
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
    mod mariadb {
        include!(concat!(env!("OUT_DIR"), "/sea_orm/mariadb.rs"));
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

mod dialect {
    use commit_on_success_tests::servers;
    use sea_orm::{DbErr, RuntimeErr};
    use sqlx::mysql::MySqlConnectOptions;
    use sqlx::{Connection as _, Executor as _, MySqlConnection};

    use crate::server::{Cleanup, fresh_name};

    pub(crate) type Db = sqlx::MySql;

    pub(crate) const TABLES: [&str; 1] =
        ["CREATE TABLE item (id BIGINT PRIMARY KEY, note INT NOT NULL DEFAULT 0) ENGINE = InnoDB"];

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
    pub(crate) fn sqlstate(error: &DbErr) -> Option<String> {
        let (DbErr::Exec(error) | DbErr::Query(error)) = error else {
            return None;
        };
        let RuntimeErr::SqlxError(error) = error else {
            return None;
        };
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
