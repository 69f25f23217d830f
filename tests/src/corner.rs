//! A corner of a real database for each test, which goes away with it.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{AssertSqlSafe, Connection as _, Database, MySql, Pool, Postgres, Sqlite};

use crate::servers;

/// How a database is reached.
pub type Address<DB> = <<DB as Database>::Connection as sqlx::Connection>::Options;

/// What the tests need of a database.
pub trait Stage: Database<Connection: Send> {
    /// What makes it faster for tests, where it is allowed.
    const HURRY: &'static str = "SELECT 1";

    /// A corner with nothing in it.
    fn corner() -> impl Future<Output = Corner<Self>> + Send;

    /// Sends statements as they are.
    fn execute(
        connection: &mut Self::Connection,
        sql: impl Into<String> + Send,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// The first column, which has to be a `BIGINT`.
    fn numbers(
        connection: &mut Self::Connection,
        sql: impl Into<String> + Send,
    ) -> impl Future<Output = Result<Vec<i64>, sqlx::Error>> + Send;
}

/// A corner of a database. What is in it is removed when this is dropped.
#[derive(Debug)]
pub struct Corner<DB: Database> {
    /// How it is reached.
    pub address: Address<DB>,
    _kept: Kept,
}

impl<DB: Stage> Corner<DB> {
    /// A connection to it.
    ///
    /// # Panics
    ///
    /// When there is none to be had.
    pub async fn connect(&self) -> DB::Connection {
        match DB::Connection::connect_with(&self.address).await {
            Ok(connection) => connection,
            Err(error) => panic!("no connection: {error}"),
        }
    }

    /// A pool that does not wait for ever when it has nothing left to give.
    ///
    /// # Panics
    ///
    /// When there is no connection to be had.
    pub async fn pool(&self, size: u32) -> Pool<DB> {
        pool(self.address.clone(), size).await
    }

    /// Sends statements as they are, on a connection of their own.
    ///
    /// # Panics
    ///
    /// When they fail.
    pub async fn execute(&self, sql: impl Into<String> + Send) {
        let mut connection = self.connect().await;
        let done = DB::execute(&mut connection, sql).await;
        assert!(done.is_ok(), "{done:?}");
    }

    /// What somebody else sees.
    ///
    /// # Panics
    ///
    /// When the query fails.
    pub async fn numbers(&self, sql: impl Into<String> + Send) -> Vec<i64> {
        let mut connection = self.connect().await;
        match DB::numbers(&mut connection, sql).await {
            Ok(numbers) => numbers,
            Err(error) => panic!("no answer: {error}"),
        }
    }
}

/// A pool at an address that is not that of the corner.
///
/// # Panics
///
/// When there is no connection to be had.
pub async fn pool<DB: Stage>(address: Address<DB>, size: u32) -> Pool<DB> {
    let options = PoolOptions::<DB>::new().max_connections(size);
    let options = options.after_connect(|connection, _| {
        Box::pin(async {
            let _ = DB::execute(connection, DB::HURRY).await;
            Ok(())
        })
    });
    let patience = Duration::from_secs(60);
    match options
        .acquire_timeout(patience)
        .connect_with(address)
        .await
    {
        Ok(pool) => pool,
        Err(error) => panic!("no pool: {error}"),
    }
}

#[derive(Debug)]
enum Kept {
    File(#[expect(dead_code, reason = "removes the directory when dropped")] tempfile::TempDir),
    Postgres(PgConnectOptions, String),
    MySql(MySqlConnectOptions, String),
}

impl Drop for Kept {
    /// On a thread of its own, as this one may be inside a runtime. What cannot be removed stays: the
    /// test has already said what it has to say.
    fn drop(&mut self) {
        match self {
            Self::File(_) => {}
            Self::Postgres(server, sql) => remove::<Postgres>(server.clone(), sql.clone()),
            Self::MySql(server, sql) => remove::<MySql>(server.clone(), sql.clone()),
        }
    }
}

fn remove<DB: Stage>(server: Address<DB>, sql: String) {
    let removed = async move {
        let mut connection = DB::Connection::connect_with(&server).await?;
        DB::execute(&mut connection, sql).await
    };
    let thread = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.map(|runtime| runtime.block_on(removed))
    });
    let _ = thread.join();
}

/// A name that nobody else uses.
#[must_use]
pub fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("corner_{}_{number}", std::process::id())
}

macro_rules! statements {
    ($connection:ty) => {
        async fn execute(
            connection: &mut $connection,
            sql: impl Into<String> + Send,
        ) -> Result<(), sqlx::Error> {
            let sql = AssertSqlSafe(sql.into());
            sqlx::raw_sql(sql).execute(connection).await.map(drop)
        }

        async fn numbers(
            connection: &mut $connection,
            sql: impl Into<String> + Send,
        ) -> Result<Vec<i64>, sqlx::Error> {
            let sql = AssertSqlSafe(sql.into());
            sqlx::query_scalar(sql).fetch_all(connection).await
        }
    };
}

impl Stage for Postgres {
    /// Only a superuser may.
    const HURRY: &'static str = "SET deadlock_timeout = '20ms'";

    async fn corner() -> Corner<Self> {
        let server: PgConnectOptions = parsed(&servers::postgres());
        let schema = fresh_name();
        let kept = Kept::Postgres(
            server.clone(),
            format!("SET lock_timeout = '2s'; DROP SCHEMA {schema} CASCADE"),
        );
        create::<Self>(&server, format!("CREATE SCHEMA {schema}")).await;
        Corner {
            address: server.options([("search_path", &schema)]),
            _kept: kept,
        }
    }

    statements!(sqlx::PgConnection);
}

impl Stage for MySql {
    async fn corner() -> Corner<Self> {
        let server: MySqlConnectOptions = parsed(&servers::mysql());
        let database = fresh_name();
        let kept = Kept::MySql(
            server.clone(),
            format!("SET lock_wait_timeout = 2; DROP DATABASE {database}"),
        );
        create::<Self>(&server, format!("CREATE DATABASE {database}")).await;
        Corner {
            address: server.database(&database),
            _kept: kept,
        }
    }

    statements!(sqlx::MySqlConnection);
}

impl Stage for Sqlite {
    /// A file in WAL mode.
    async fn corner() -> Corner<Self> {
        let Ok(directory) = tempfile::tempdir() else {
            panic!("no temporary directory");
        };
        let address = SqliteConnectOptions::new().filename(directory.path().join("corner.db"));
        let new = address.clone().create_if_missing(true);
        // The file remembers it.
        let new = new.journal_mode(SqliteJournalMode::Wal);
        create::<Self>(&new, "SELECT 1".to_owned()).await;
        Corner {
            address,
            _kept: Kept::File(directory),
        }
    }

    statements!(sqlx::SqliteConnection);
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(url: &str) -> T {
    match url.parse() {
        Ok(options) => options,
        Err(error) => panic!("{url} is no address: {error:?}"),
    }
}

async fn create<DB: Stage>(server: &Address<DB>, sql: String) {
    let created = async {
        let mut connection = DB::Connection::connect_with(server).await?;
        DB::execute(&mut connection, sql).await?;
        connection.close().await
    };
    let created = created.await;
    assert!(created.is_ok(), "{created:?}");
}

/// What deferred calls and handlers write down, in the order in which they run.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<Mutex<Vec<String>>>);

impl Calls {
    /// Writes a line.
    pub fn note(&self, line: impl Into<String>) {
        self.lock().push(line.into());
    }

    /// Writes a line, later.
    ///
    /// # Errors
    ///
    /// None.
    pub async fn note_later(self, line: &'static str) -> Result<(), std::io::Error> {
        tokio::task::yield_now().await;
        self.note(line);
        Ok(())
    }

    /// All of them.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lock().clone()
    }

    /// How often a line was written.
    #[must_use]
    pub fn count(&self, line: &str) -> usize {
        self.lock().iter().filter(|other| *other == line).count()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
