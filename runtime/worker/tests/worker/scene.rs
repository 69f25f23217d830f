//! A database with the tables of jobs, and the little SQL that tests ask of it.

use std::future::Future;
use std::time::Duration;

use commit_on_success::jobs::Job;
use commit_on_success_worker::{JobPool, migrate};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool, SqlitePool};
use tempfile::TempDir;

use crate::servers;

/// A job of most tests.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Index {
    pub(crate) id: i64,
}

impl Job for Index {
    const KIND: &'static str = "index";
}

/// A pool of the databases that jobs can be stored in.
pub(crate) trait Store: JobPool {
    /// Runs statements.
    fn run(&self, sql: &str) -> impl Future<Output = ()> + Send;

    /// Asks for one number.
    fn number(&self, sql: &str) -> impl Future<Output = i64> + Send;

    /// Stores a job as a program would that knows nothing of this crate, and so wakes nobody.
    fn store(&self, kind: &str, queue: &str, json: &str) -> impl Future<Output = i64> + Send;

    /// Asks for one text, which is of any type.
    fn text(&self, expression: &str, job: i64) -> impl Future<Output = Option<String>> + Send;

    /// An expression for the text of a column of JSON.
    fn json(column: &str) -> String;

    /// An expression for the form in which a time is written.
    fn form(column: &str) -> String;

    /// An expression for how long a job was to wait, in tens of seconds.
    const DELAY: &'static str;

    /// A pool of one connection to the same tables.
    fn alone(&self) -> Self;

    /// Has an hour pass for the jobs that run and for those that wait to be tried again.
    fn pass_an_hour(&self) -> impl Future<Output = ()> + Send;
}

macro_rules! store {
    ($pool:ty, $database:ty, $args:literal, $json:literal, $form:literal, $seconds:literal, $hour:literal) => {
        impl Store for $pool {
            async fn run(&self, sql: &str) {
                let sql = AssertSqlSafe(sql.to_owned());
                sqlx::raw_sql(sql).execute(self).await.unwrap();
            }

            async fn number(&self, sql: &str) -> i64 {
                let sql = AssertSqlSafe(sql.to_owned());
                sqlx::query_scalar::<$database, i64>(sql)
                    .fetch_one(self)
                    .await
                    .unwrap()
            }

            async fn store(&self, kind: &str, queue: &str, json: &str) -> i64 {
                let sql = concat!(
                    "INSERT INTO river_job (kind, queue, args, max_attempts) VALUES ($1, $2, ",
                    $args,
                    ", 25) RETURNING id",
                );
                let row = sqlx::query_scalar::<$database, i64>(sql)
                    .bind(kind)
                    .bind(queue)
                    .bind(json);
                row.fetch_one(self).await.unwrap()
            }

            async fn text(&self, expression: &str, job: i64) -> Option<String> {
                let sql =
                    format!("SELECT CAST({expression} AS text) FROM river_job WHERE id = {job}");
                let row = sqlx::query_scalar::<$database, Option<String>>(AssertSqlSafe(sql));
                row.fetch_one(self).await.unwrap()
            }

            fn json(column: &str) -> String {
                format!($json, column)
            }

            fn form(column: &str) -> String {
                format!($form, column)
            }

            const DELAY: &'static str = $seconds;

            fn alone(&self) -> Self {
                let options = (*self.connect_options()).clone();
                let pool = sqlx::pool::PoolOptions::new().max_connections(1);
                pool.connect_lazy_with(options)
            }

            async fn pass_an_hour(&self) {
                self.run($hour).await;
            }
        }
    };
}

store!(
    SqlitePool,
    sqlx::Sqlite,
    "jsonb($3)",
    // A mark of River's own, by which it knows its row from one that was there.
    "json_remove({}, '$.\"river:unique_nonce\"')",
    "{} GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9]'",
    "round((julianday(scheduled_at) - julianday(created_at)) * 8640)",
    "UPDATE river_job SET attempted_at = strftime('%Y-%m-%d %H:%M:%f', attempted_at, '-1 hour') WHERE state = 'running';
     UPDATE river_job SET scheduled_at = strftime('%Y-%m-%d %H:%M:%f', scheduled_at, '-1 hour')
     WHERE state IN ('available', 'retryable', 'scheduled');
     DELETE FROM river_leader"
);
store!(
    PgPool,
    sqlx::Postgres,
    "$3::jsonb",
    "to_json({})",
    "pg_typeof({})",
    "round(extract(epoch FROM scheduled_at - created_at) / 10)",
    "UPDATE river_job SET attempted_at = attempted_at - interval '1 hour' WHERE state = 'running';
     UPDATE river_job SET scheduled_at = scheduled_at - interval '1 hour'
     WHERE state IN ('available', 'retryable', 'scheduled');
     DELETE FROM river_leader"
);

/// A database of a test's own, which is gone when this is dropped.
pub(crate) struct Scene<P> {
    pub(crate) pool: P,
    /// The path of the file, or a URL.
    pub(crate) location: String,
    _own: Own,
}

enum Own {
    File(#[allow(dead_code, reason = "it is there to be dropped")] TempDir),
    Schema { url: String, name: String },
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Self::Schema { url, name } = self {
            let (url, sql) = (url.clone(), format!("DROP SCHEMA {name} CASCADE"));
            let dropped = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = { runtime }.enable_all().build().unwrap();
                runtime.block_on(statement(&url, sql));
            });
            dropped.join().unwrap();
        }
    }
}

async fn statement(url: &str, sql: String) {
    let mut conn = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut conn)
        .await
        .unwrap();
}

/// A pool of a file, as a program opens it that several processes write to.
pub(crate) async fn sqlite_pool(path: &str) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(Duration::from_secs(30));
    SqlitePoolOptions::new()
        .max_connections(4)
        .connect_with(options)
        .await
        .unwrap()
}

/// A pool of one schema, which a URL names behind a `#`.
pub(crate) async fn postgres_pool(location: &str) -> PgPool {
    let (url, schema) = location.split_once('#').unwrap();
    let options: PgConnectOptions = url.parse().unwrap();
    let options = options.options([("search_path", schema)]);
    PgPoolOptions::new()
        .max_connections(8)
        .connect_with(options)
        .await
        .unwrap()
}

impl Scene<SqlitePool> {
    pub(crate) async fn bare() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let location = directory.path().join("jobs.sqlite").display().to_string();
        Self {
            pool: sqlite_pool(&location).await,
            location,
            _own: Own::File(directory),
        }
    }
}

impl Scene<PgPool> {
    pub(crate) async fn bare() -> Self {
        let url = servers::postgres();
        let name = format!("worker_{:x}", fastrand::u64(..));
        statement(&url, format!("CREATE SCHEMA {name}")).await;
        let location = format!("{url}#{name}");
        Self {
            pool: postgres_pool(&location).await,
            location,
            _own: Own::Schema { url, name },
        }
    }

    /// The URL by which another program finds the schema.
    pub(crate) fn url(&self) -> String {
        self.location.replace('#', "?options[search_path]=")
    }
}

impl<P: Store> Scene<P> {
    pub(crate) async fn migrated(self) -> Self {
        migrate(&self.pool).await.unwrap();
        self
    }

    /// The state of a job.
    pub(crate) async fn state(&self, job: i64) -> String {
        self.pool.text("state", job).await.unwrap()
    }

    /// Waits until a job is in a state.
    pub(crate) async fn until(&self, job: i64, state: &str) {
        let mut found = String::new();
        for _ in 0..3000 {
            found = self.state(job).await;
            if found == state {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("job {job} is {found} and not {state}");
    }

    /// The last error of a job's attempts.
    pub(crate) async fn error(&self, job: i64) -> String {
        let errors = self.pool.text(&P::json("errors"), job).await;
        errors.expect("it has not failed")
    }

    /// Holds two rows against each other, by expressions on their columns.
    pub(crate) async fn assert_alike(
        &self,
        (ours, theirs): (i64, i64),
        columns: &[&str],
        which: &str,
    ) {
        for column in columns {
            let ours = self.pool.text(column, ours).await;
            let theirs = self.pool.text(column, theirs).await;
            assert_eq!(ours, theirs, "{which}: {column}");
        }
    }

    pub(crate) async fn count(&self, state: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM river_job WHERE state = '{state}'");
        self.pool.number(&sql).await
    }
}

/// Makes a test for each database of functions that are given a scene.
macro_rules! on_each_database {
    ($($(#[$attribute:meta])* $name:ident,)+) => {
        mod sqlite {
            $($(#[$attribute])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let scene = crate::scene::Scene::<sqlx::SqlitePool>::bare().await;
                super::$name(scene).await;
            })+
        }
        mod postgres {
            $($(#[$attribute])* #[commit_on_success_test_macros::server_test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let scene = crate::scene::Scene::<sqlx::PgPool>::bare().await;
                super::$name(scene).await;
            })+
        }
    };
}
pub(crate) use on_each_database;
