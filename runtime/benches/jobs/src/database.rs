//! The databases that jobs are stored in: a file of SQLite, and a schema of its own on the server of
//! `COMMIT_ON_SUCCESS_POSTGRES_URL`.

use std::path::Path;
use std::time::{Duration, Instant};

use commit_on_success_worker::migrate;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, PgPool, SqlitePool, query_scalar, raw_sql};

use crate::Result;

const SCHEMA: &str = "commit_on_success_bench_jobs";

const POSTGRES_TABLES: &str = "
    CREATE TABLE object (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title TEXT NOT NULL);
    CREATE TABLE effect (id BIGINT PRIMARY KEY, runs BIGINT NOT NULL)";
const SQLITE_TABLES: &str = "CREATE TABLE object (id INTEGER PRIMARY KEY, title TEXT NOT NULL)";

/// The server, with empty tables.
pub(crate) struct Postgres(PgConnectOptions);

impl Postgres {
    /// The server, with tables that another process has made.
    pub(crate) fn found() -> Result<Self> {
        let url = std::env::var("COMMIT_ON_SUCCESS_POSTGRES_URL").map_err(
            |_| "COMMIT_ON_SUCCESS_POSTGRES_URL is not set; run bash runtime/benches/run",
        )?;
        let options: PgConnectOptions = url.parse()?;
        Ok(Self(options.options([("search_path", SCHEMA)])))
    }

    pub(crate) async fn with_tables() -> Result<Self> {
        let server = Self::found()?;
        let pool = server.pool(1).await?;
        let schema = format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}");
        raw_sql(AssertSqlSafe(schema)).execute(&pool).await?;
        migrate(&pool).await?;
        raw_sql(POSTGRES_TABLES).execute(&pool).await?;
        pool.close().await;
        Ok(server)
    }

    /// Does not try its connections each time, which would only hide what is measured.
    pub(crate) async fn pool(&self, connections: u32) -> Result<PgPool> {
        Ok(of(connections).connect_with(self.0.clone()).await?)
    }

    /// A pool whose commits do not wait for the disk.
    pub(crate) async fn hasty_pool(&self, connections: u32) -> Result<PgPool> {
        let options = self.0.clone().options([("synchronous_commit", "off")]);
        Ok(of(connections).connect_with(options).await?)
    }

    pub(crate) async fn drop_tables(self) -> Result {
        let pool = self.pool(1).await?;
        let schema = format!("DROP SCHEMA {SCHEMA} CASCADE");
        raw_sql(AssertSqlSafe(schema)).execute(&pool).await?;
        pool.close().await;
        Ok(())
    }
}

fn of(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .max_lifetime(None)
}

/// Whether its commits wait for the disk, and whether that is asked.
pub(crate) async fn durability(pool: &PgPool) -> Result<String> {
    let sql = "SELECT concat('fsync=', current_setting('fsync'), ', synchronous_commit=', current_setting('synchronous_commit'))";
    Ok(query_scalar(sql).fetch_one(pool).await?)
}

/// Tells workers of jobs in a queue, as River does in a transaction.
pub(crate) const NOTIFY: &str = r#"SELECT pg_notify(concat(current_schema(), '.river_insert'), concat('{"queue": "', $1::text, '"}'))"#;

/// Waits until the jobs of a kind have run, and does something again and again meanwhile.
pub(crate) async fn until_completed(
    pool: &PgPool,
    kind: &str,
    patience: Duration,
    mut meanwhile: impl AsyncFnMut() -> Result,
) -> Result {
    let left = "SELECT count(*) FROM river_job WHERE kind = $1 AND state <> 'completed'";
    let start = Instant::now();
    while query_scalar::<_, i64>(left)
        .bind(kind)
        .fetch_one(pool)
        .await?
        > 0
    {
        meanwhile().await?;
        if start.elapsed() > patience {
            return Err("the workers do not run their jobs".into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// A file that has a write-ahead log, and whose commits wait for the disk.
pub(crate) async fn sqlite(path: &Path, connections: u32) -> Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .max_lifetime(None)
        .connect_with(options)
        .await?;
    migrate(&pool).await?;
    raw_sql(SQLITE_TABLES).execute(&pool).await?;
    Ok(pool)
}
