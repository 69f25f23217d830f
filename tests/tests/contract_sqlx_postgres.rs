//! The contract suite on sqlx with PostgreSQL.
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
#[path = "../contract/only/ended_session.rs"]
mod ended_session;
#[path = "../contract/suite/failing_commit.rs"]
mod failing_commit;
#[path = "../contract/handle/mod.rs"]
mod handle;
#[path = "../contract/handle_driver/sqlx.rs"]
mod handle_driver;
#[path = "../contract/handle_driver/server.rs"]
mod handle_server;
#[path = "../contract/only/hidden_cause.rs"]
mod hidden_cause;
#[path = "../contract/only/left_behind.rs"]
mod left_behind;
#[path = "../contract/only/sqlx_messages.rs"]
mod messages;
#[path = "../contract/only/postgres.rs"]
mod only;
#[path = "../contract/only/sqlx_postgres.rs"]
mod only_sqlx;
#[path = "../contract/only/postgres_options.rs"]
mod options;
#[path = "../contract/suite/replaced.rs"]
mod replaced;
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
    mod deferred_constraints {
        include!(concat!(env!("OUT_DIR"), "/handle/deferred_constraints.rs"));
    }
    mod ended_session {
        include!(concat!(env!("OUT_DIR"), "/handle/ended_session.rs"));
    }
    mod failing_commit {
        include!(concat!(env!("OUT_DIR"), "/handle/suite/failing_commit.rs"));
    }
    mod hidden_cause {
        include!(concat!(env!("OUT_DIR"), "/handle/hidden_cause.rs"));
    }
    mod options {
        include!(concat!(env!("OUT_DIR"), "/handle/postgres_options.rs"));
    }
    mod postgres {
        include!(concat!(env!("OUT_DIR"), "/handle/postgres.rs"));
    }
    mod left_behind {
        include!(concat!(env!("OUT_DIR"), "/handle/left_behind.rs"));
    }
    mod replaced {
        include!(concat!(env!("OUT_DIR"), "/handle/suite/replaced.rs"));
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
    use sqlx::postgres::PgConnectOptions;
    use sqlx::{Connection as _, Executor as _, PgConnection};

    use crate::server::{Cleanup, fresh_name};

    pub(crate) use commit_on_success_test_macros::server_test as test;

    pub(crate) type Db = sqlx::Postgres;

    pub(crate) const TABLES: [&str; 2] = [
        "CREATE TABLE item (id BIGINT PRIMARY KEY)",
        "CREATE TABLE child (item BIGINT REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED)",
    ];
    pub(crate) const INSERT: &str = "INSERT INTO item (id) VALUES ($1)";
    pub(crate) const AFTER_LEFT_BEHIND: &[i64] = &[2];

    /// Drops the schema.
    pub(crate) type Kept = Cleanup;

    pub(crate) async fn create() -> (PgConnectOptions, Kept) {
        let server: PgConnectOptions = servers::postgres().parse().unwrap();
        let schema = fresh_name();
        let mut conn = PgConnection::connect_with(&server).await.unwrap();
        let create = format!("CREATE SCHEMA {schema}");
        conn.execute(sqlx::AssertSqlSafe(create)).await.unwrap();
        let statement = format!("SET lock_timeout = '2s'; DROP SCHEMA {schema} CASCADE");
        let options = server.clone().options([("search_path", &schema)]);
        (options, Cleanup::new(server, statement))
    }

    /// The statement that tells which session this is.
    pub(crate) const SESSION: &str = "SELECT pg_backend_pid()::bigint";

    /// Ends a session, and waits until it is gone.
    pub(crate) async fn end_session(db: &crate::driver::Database, session: i64) {
        let mut conn = PgConnection::connect_with(&db.options).await.unwrap();
        let end = format!("SELECT pg_terminate_backend({session}, 10000)");
        conn.execute(sqlx::AssertSqlSafe(end)).await.unwrap();
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
