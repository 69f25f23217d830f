//! River's table, on a database of a test's own, and what another connection sees in it.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use commit_on_success_tests::servers;
use riverqueue_migrate::{PostgresMigrator, SqliteMigrator};
use sqlx::{AnyPool, Executor as _, PgPool, Row as _, SqlitePool};
use tempfile::TempDir;

/// Runs a future to its end, for tests of sync drivers.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

/// The path in a URL of SQLite.
pub(crate) fn path(url: &str) -> &str {
    url.strip_prefix("sqlite://").unwrap()
}

pub(crate) struct Table {
    url: String,
    /// Removes the file, or the schema.
    kept: Kept,
}

enum Kept {
    File(#[expect(dead_code, reason = "dropped with the test")] TempDir),
    Schema(String),
}

impl Table {
    pub(crate) async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jobs.db");
        std::fs::write(&file, b"").unwrap();
        let url = format!("sqlite://{}", file.display());
        let pool = SqlitePool::connect(&url).await.unwrap();
        pool.execute("PRAGMA journal_mode = WAL").await.unwrap();
        SqliteMigrator::new(pool.clone())
            .migrate_up()
            .await
            .unwrap();
        pool.close().await;
        let kept = Kept::File(folder);
        Self { url, kept }
    }

    pub(crate) async fn on_postgres() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let server = servers::postgres();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let schema = format!("jobs_{}_{number}", std::process::id());
        let pool = PgPool::connect(&server).await.unwrap();
        let create = format!("CREATE SCHEMA {schema}");
        pool.execute(sqlx::AssertSqlSafe(create)).await.unwrap();
        pool.close().await;
        let separator = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{separator}options=-csearch_path%3D{schema}");
        let pool = PgPool::connect(&url).await.unwrap();
        PostgresMigrator::new(pool.clone())
            .migrate_up()
            .await
            .unwrap();
        pool.close().await;
        let kept = Kept::Schema(schema);
        Self { url, kept }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// One column of all jobs, in the order of the jobs in them.
    async fn column(&self, expression: &str) -> Vec<String> {
        let json = match self.kept {
            Kept::File(_) => "CAST(args ->> 'id' AS INTEGER)",
            Kept::Schema(_) => "(args ->> 'id')::bigint",
        };
        let mut read = String::new();
        write!(
            read,
            "SELECT CAST({expression} AS TEXT) FROM river_job ORDER BY {json}"
        )
        .unwrap();
        sqlx::any::install_default_drivers();
        let pool = AnyPool::connect(&self.url).await.unwrap();
        let rows = sqlx::query(sqlx::AssertSqlSafe(read))
            .fetch_all(&pool)
            .await
            .unwrap();
        pool.close().await;
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The numbers in the jobs that are stored.
    pub(crate) async fn ids(&self) -> Vec<i64> {
        let ids = self.column("args ->> 'id'").await;
        ids.iter().map(|id| id.parse().unwrap()).collect()
    }

    pub(crate) async fn clear(&self) {
        sqlx::any::install_default_drivers();
        let pool = AnyPool::connect(&self.url).await.unwrap();
        pool.execute("DELETE FROM river_job").await.unwrap();
        pool.close().await;
    }

    /// Asserts that there are two jobs, one as most are, and one that differs.
    pub(crate) async fn assert_configured(&self) {
        assert_eq!(self.column("kind").await, ["mail", "mail"]);
        assert_eq!(self.column("state").await, ["available", "scheduled"]);
        assert_eq!(self.column("max_attempts").await, ["25", "3"]);
        assert_eq!(self.column("priority").await, ["1", "2"]);
        assert_eq!(self.column("queue").await, ["default", "default"]);
        let waits = match self.kept {
            Kept::File(_) => {
                "CAST((julianday(scheduled_at) - julianday(created_at)) * 86400 + 0.4 AS INTEGER)"
            }
            Kept::Schema(_) => "floor(extract(epoch FROM scheduled_at - created_at))::int",
        };
        assert_eq!(self.column(waits).await, ["0", "90"]);
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        let Kept::Schema(schema) = &self.kept else {
            return;
        };
        let drop = format!("DROP SCHEMA {schema} CASCADE");
        let url = self.url.clone();
        // Within a runtime nothing else can be blocked on.
        let dropped = std::thread::spawn(move || {
            block_on(async {
                let pool = PgPool::connect(&url).await.unwrap();
                pool.execute(sqlx::AssertSqlSafe(drop)).await.unwrap();
            });
        });
        let _ = dropped.join();
    }
}
