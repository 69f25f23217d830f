//! A way to the server that nobody disturbs.

use std::ops::Range;

use commit_on_success_tests::stoppable::Kind;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection};

use crate::subjects::{mysql_options, pg_options};

const CREATE: &str = "CREATE TABLE item (id BIGINT PRIMARY KEY)";
const SESSIONS: &str = "FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";

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
        let numbers = match self.kind {
            Kind::Postgres => {
                let mut conn = PgConnection::connect_with(&pg_options(self.port))
                    .await
                    .unwrap();
                let rows = sql.fetch_all(&mut conn).await.unwrap();
                conn.close().await.unwrap();
                rows.iter().map(|row| sqlx::Row::get(row, 0)).collect()
            }
            _ => {
                let mut conn = MySqlConnection::connect_with(&mysql_options(self.port))
                    .await
                    .unwrap();
                let rows = sql.fetch_all(&mut conn).await.unwrap();
                conn.close().await.unwrap();
                rows.iter().map(|row| sqlx::Row::get(row, 0)).collect()
            }
        };
        numbers
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
            let kill = format!("KILL CONNECTION {session}");
            self.execute(
                "BEGIN NOT ATOMIC
                DECLARE CONTINUE HANDLER FOR 1094 BEGIN END;
                EXECUTE IMMEDIATE '"
                    .to_owned()
                    + &kill
                    + "'; END",
            )
            .await;
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

    /// How many sessions of PostgreSQL are in the middle of a transaction, and wait for something.
    pub(crate) async fn waiting(self, event: &str) -> i64 {
        let wait = format!("SELECT count(*) {SESSIONS} AND wait_event = '{event}'");
        self.ask(wait).await[0]
    }

    /// Has those of PostgreSQL that wait for something give up.
    pub(crate) async fn give_up(self, how: &str, event: &str) {
        let give_up = format!("SELECT count({how}(pid)) {SESSIONS} AND wait_event = '{event}'");
        self.execute(give_up).await;
    }
}
