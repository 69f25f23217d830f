//! A way to the server that nobody disturbs.

use std::ops::Range;

use commit_on_success_tests::stoppable::Kind;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection};

use crate::pools::{mysql_options, pg_options};

const CREATE: &str = "CREATE TABLE item (id BIGINT PRIMARY KEY)";
const SESSIONS: &str = "FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";

const REPLICATING: &str = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/// Each time with a connection of its own.
#[derive(Clone, Copy)]
pub(crate) struct Direct {
    kind: Kind,
    port: u16,
}

impl Direct {
    pub(crate) fn new(kind: Kind, port: u16) -> Self {
        Self { kind, port }
    }

    pub(crate) async fn create(self) {
        self.execute(CREATE).await;
    }

    pub(crate) async fn execute(self, sql: impl Into<String>) {
        self.ask(sql).await;
    }

    /// The numbers in the first column.
    async fn ask(self, sql: impl Into<String>) -> Vec<i64> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.into()));
        match self.kind {
            Kind::Postgres => {
                let mut conn = PgConnection::connect_with(&pg_options(self.port))
                    .await
                    .unwrap();
                let rows = sql.fetch_all(&mut conn).await.unwrap();
                conn.close().await.unwrap();
                rows.iter()
                    .filter_map(|row| sqlx::Row::try_get(row, 0).ok())
                    .collect()
            }
            Kind::MariaDb => {
                let mut conn = MySqlConnection::connect_with(&mysql_options(self.port))
                    .await
                    .unwrap();
                let rows = sql.fetch_all(&mut conn).await.unwrap();
                conn.close().await.unwrap();
                rows.iter()
                    .filter_map(|row| sqlx::Row::try_get(row, 0).ok())
                    .collect()
            }
        }
    }

    pub(crate) async fn rows(self, of: Range<i64>) -> Vec<i64> {
        let Range { start, end } = of;
        let sql = "SELECT id FROM item WHERE id";
        self.ask(format!("{sql} BETWEEN {start} AND {end} - 1 ORDER BY id"))
            .await
    }

    /// Ends all sessions but its own.
    pub(crate) async fn end_sessions(self) {
        if self.kind == Kind::Postgres {
            let end = format!("SELECT count(pg_terminate_backend(pid, 10000)) {SESSIONS}");
            return self.execute(end).await;
        }
        let others = "SELECT id FROM information_schema.processlist
            WHERE id <> connection_id() AND user = 'root'";
        for session in self.ask(others).await {
            // It may be gone by now.
            let kill = sqlx::raw_sql(AssertSqlSafe(format!("KILL CONNECTION {session}")));
            let options = mysql_options(self.port);
            let mut conn = MySqlConnection::connect_with(&options).await.unwrap();
            let _ = kill.execute(&mut conn).await;
        }
    }

    /// As others do: what a server has forgotten in a crash, it gives to the next ones.
    pub(crate) async fn write_something(self) {
        for number in 1..=32 {
            self.execute(format!("DELETE FROM item WHERE id = -{number}"))
                .await;
            self.execute(format!("INSERT INTO item VALUES (-{number})"))
                .await;
        }
    }

    /// How many transactions are open.
    pub(crate) async fn open(self) -> i64 {
        let open = match self.kind {
            Kind::Postgres => format!("SELECT count(*) {SESSIONS} AND state <> 'idle'"),
            Kind::MariaDb => "SELECT count(*) FROM information_schema.innodb_trx".to_owned(),
        };
        self.ask(open).await[0]
    }

    /// How many commits on PostgreSQL wait for a standby.
    pub(crate) async fn replicating(self) -> i64 {
        self.ask(format!("SELECT count(*) {REPLICATING}")).await[0]
    }

    /// Does something to the sessions in which they do.
    pub(crate) async fn to_replicating(self, function: &str) {
        let to_all = format!("SELECT count({function}(pid)) {REPLICATING}");
        self.execute(to_all).await;
    }

    /// Has PostgreSQL wait for a standby that does not exist, or no longer.
    pub(crate) async fn wait_for_standby(self, wait: bool) {
        let name = if wait { "nobody" } else { "" };
        let set = format!("ALTER SYSTEM SET synchronous_standby_names = '{name}'");
        self.execute(set).await;
        self.execute("SELECT pg_reload_conf()::int::bigint").await;
    }
}
