//! The drivers, each on one connection.

use std::sync::Arc;
use std::sync::Mutex as Lock;
use std::sync::PoisonError;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use commit_on_success::{Owned, commit_on_success, set_rollback};
use diesel::connection::SimpleConnection as _;
use diesel::r2d2::ConnectionManager;
use diesel::{Connection as _, SqliteConnection as DieselConnection};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, deadpool};
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{AsyncConnection as _, SimpleAsyncConnection as _};
use futures_util::FutureExt as _;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DatabaseTransaction,
};
use sqlx::pool::PoolOptions;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, SqlitePool};
use tokio::sync::Mutex;

/// A transaction.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Switches foreign keys, and notes what is in force.
    Set(bool, End),
    /// Refers to what is not there.
    Orphan(bool),
    /// Takes the write lock at once.
    Immediate,
    /// Sets nothing, and notes what is left.
    Look,
    /// A block with a pragma in a block without.
    Inside(Inner),
    /// A pragma that is none.
    Unknown,
    /// A value with a NUL byte.
    Nul,
    /// The settings of another database.
    OfPostgreSql,
    /// Statements of somebody else, outside of any block.
    Plain(String),
}

/// The end of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Ok,
    Err,
    TakesBack,
    Panics,
}

impl End {
    fn reach(self) -> Result<()> {
        match self {
            Self::Ok => {}
            Self::Err => bail!("the body fails"),
            Self::TakesBack => set_rollback()?,
            Self::Panics => panic!("the body panics"),
        }
        Ok(())
    }
}

/// A block inside of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inner {
    Nested,
    Joined,
}

fn note(what: &str) -> String {
    format!("INSERT INTO seen SELECT '{what}', foreign_keys FROM pragma_foreign_keys")
}

/// A driver, and its connection.
pub(crate) trait Subject: Sized {
    /// Whether a future can be dropped.
    const DROPS: bool;

    async fn open(path: &str) -> Self;

    async fn run(&self, act: Act) -> Result<()>;
}

macro_rules! runs {
    (async, $pool:expr, $act:expr) => {
        std::panic::AssertUnwindSafe(act(&$pool, &$act))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(anyhow!("the body has panicked")))
    };
    (, $pool:expr, $act:expr) => {{
        let pool = Arc::clone(&$pool);
        let run = move || act(&pool, &$act);
        let ran = tokio::task::spawn_blocking(run).await;
        ran.unwrap_or_else(|_| Err(anyhow!("the body has panicked")))
    }};
}

macro_rules! drops {
    (async) => {
        true
    };
    () => {
        false
    };
}

/// The drivers differ only in their types, and in what is awaited.
macro_rules! on {
    (
        ($($async:ident)?) ($($wait:tt)*) $module:ident, $pool:ty, $handle:ty,
        |$path:ident| $open:expr, |$from:ident| $source:expr, |$conn:ident, $sql:ident| $execute:expr,
        |$raw:ident, $text:ident| $plain:expr
    ) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) struct Driver(Arc<$pool>);

            impl Subject for Driver {
                const DROPS: bool = drops!($($async)?);

                async fn open($path: &str) -> Self {
                    Self(Arc::new($open))
                }

                async fn run(&self, act: Act) -> Result<()> {
                    runs!($($async)?, self.0, act)
                }
            }

            $($async)? fn act(pool: &$pool, act: &Act) -> Result<()> {
                match act {
                    Act::Set(on, end) => sets(pool, *on, *end) $($wait)*,
                    Act::Orphan(on) => orphan(pool, *on) $($wait)*,
                    Act::Immediate => immediate(pool) $($wait)*,
                    Act::Look => looks(pool) $($wait)*,
                    Act::Inside(inner) => outer(pool, *inner) $($wait)* ?,
                    Act::Unknown => unknown(pool) $($wait)*,
                    Act::Nul => nul(pool) $($wait)*,
                    Act::OfPostgreSql => of_postgresql(pool) $($wait)*,
                    Act::Plain(sql) => plain(pool, sql) $($wait)*,
                }
            }

            #[commit_on_success(tx = $source, pragma("foreign_keys" = on, recursive_triggers = 1))]
            $($async)? fn sets($from: &$pool, on: bool, end: End) -> Result<()> {
                let _ = on;
                execute(tx, &note("inside")) $($wait)* ?;
                end.reach()
            }

            #[commit_on_success(tx = $source, pragma("foreign_keys" = on))]
            $($async)? fn orphan($from: &$pool, on: bool) -> Result<()> {
                let _ = on;
                execute(tx, "INSERT INTO node VALUES (1, 77)") $($wait)*
            }

            #[commit_on_success(tx = $source, mode = immediate, pragma(foreign_keys = "off"))]
            $($async)? fn immediate($from: &$pool) -> Result<()> {
                execute(tx, &note("inside")) $($wait)*
            }

            #[commit_on_success(tx = $source)]
            $($async)? fn looks($from: &$pool) -> Result<()> {
                execute(tx, &note("left")) $($wait)*
            }

            #[commit_on_success(tx = $source)]
            $($async)? fn outer($from: &$pool, inner: Inner) -> Result<Result<()>> {
                let refused = match inner {
                    Inner::Nested => nested(tx) $($wait)*,
                    Inner::Joined => joined(tx) $($wait)*,
                };
                execute(tx, &note("outer")) $($wait)* ?;
                Ok(refused)
            }

            #[commit_on_success(pragma(foreign_keys = false))]
            $($async)? fn nested(connection: $handle) -> Result<()> {
                let _ = connection;
                unreachable!("the body does not run")
            }

            #[commit_on_success(propagation = required, pragma(foreign_keys = false))]
            $($async)? fn joined(connection: $handle) -> Result<()> {
                let _ = connection;
                unreachable!("the body does not run")
            }

            #[commit_on_success(tx = $source, pragma(foreign_keys = false, foreign_key = false))]
            $($async)? fn unknown($from: &$pool) -> Result<()> {
                let _ = tx;
                unreachable!("the body does not run")
            }

            #[commit_on_success(tx = $source, pragma(foreign_keys = "0\0"))]
            $($async)? fn nul($from: &$pool) -> Result<()> {
                let _ = tx;
                unreachable!("the body does not run")
            }

            #[commit_on_success(tx = $source, set(foreign_keys = false))]
            $($async)? fn of_postgresql($from: &$pool) -> Result<()> {
                let _ = tx;
                unreachable!("the body does not run")
            }

            $($async)? fn plain($raw: &$pool, $text: &str) -> Result<()> {
                $plain;
                Ok(())
            }

            $($async)? fn execute($conn: $handle, $sql: &str) -> Result<()> {
                $execute $($wait)* ?;
                Ok(())
            }
        }
    };
}

macro_rules! on_async {
    ($($driver:tt)*) => { on!((async) (.await) $($driver)*); };
}
macro_rules! on_sync {
    ($($driver:tt)*) => { on!(() () $($driver)*); };
}

fn locked<T>(lock: &Lock<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

fn r2d2_pool<M: r2d2::ManageConnection>(manager: M) -> r2d2::Pool<M> {
    let builder = r2d2::Pool::builder().max_size(1).min_idle(Some(0));
    let patient = builder.connection_timeout(Duration::from_secs(10));
    patient.build_unchecked(manager)
}

on_sync!(
    rusqlite_connection,
    Lock<Connection>,
    &mut Connection,
    |path| Lock::new(Connection::open(path).unwrap()),
    |lock| &mut *locked(lock),
    |conn, sql| conn.execute_batch(sql),
    |lock, text| locked(lock).execute_batch(text)?
);
on_sync!(
    rusqlite_pool,
    r2d2::Pool<SqliteConnectionManager>,
    &mut Connection,
    |path| r2d2_pool(SqliteConnectionManager::file(path)),
    |pool| pool.get()?,
    |conn, sql| conn.execute_batch(sql),
    |pool, text| pool.get()?.execute_batch(text)?
);
on_sync!(
    rusqlite_guard,
    Lock<Connection>,
    &mut Connection,
    |path| Lock::new(Connection::open(path).unwrap()),
    |lock| Owned(locked(lock)),
    |conn, sql| conn.execute_batch(sql),
    |lock, text| locked(lock).execute_batch(text)?
);
on_async!(
    sqlx_pool,
    SqlitePool,
    &mut SqliteConnection,
    |path| PoolOptions::new()
        .max_connections(1)
        .connect(path)
        .await
        .unwrap(),
    |pool| pool,
    |conn, sql| sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(conn),
    |pool, text| sqlx::raw_sql(AssertSqlSafe(text.to_owned()))
        .execute(&mut *pool.acquire().await?)
        .await?
);
on_async!(
    sqlx_connection,
    Mutex<SqliteConnection>,
    &mut SqliteConnection,
    |path| Mutex::new(SqliteConnection::connect(path).await.unwrap()),
    |lock| &mut *lock.lock().await,
    |conn, sql| sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(conn),
    |lock, text| sqlx::raw_sql(AssertSqlSafe(text.to_owned()))
        .execute(&mut *lock.lock().await)
        .await?
);
on_sync!(
    diesel_connection,
    Lock<DieselConnection>,
    &mut DieselConnection,
    |path| Lock::new(DieselConnection::establish(path).unwrap()),
    |lock| &mut *locked(lock),
    |conn, sql| conn.batch_execute(sql),
    |lock, text| locked(lock).batch_execute(text)?
);
on_sync!(
    diesel_pool,
    r2d2::Pool<ConnectionManager<DieselConnection>>,
    &mut DieselConnection,
    |path| r2d2_pool(ConnectionManager::new(path)),
    |pool| pool,
    |conn, sql| conn.batch_execute(sql),
    |pool, text| pool.get()?.batch_execute(text)?
);
on_async!(
    diesel_async_connection,
    Mutex<SyncConnectionWrapper<DieselConnection>>,
    &mut SyncConnectionWrapper<DieselConnection>,
    |path| Mutex::new(SyncConnectionWrapper::establish(path).await.unwrap()),
    |lock| &mut *lock.lock().await,
    |conn, sql| conn.batch_execute(sql),
    |lock, text| lock.lock().await.batch_execute(text).await?
);
on_async!(
    diesel_async_pool,
    deadpool::Pool<SyncConnectionWrapper<DieselConnection>>,
    &mut SyncConnectionWrapper<DieselConnection>,
    |path| deadpool::Pool::builder(AsyncDieselConnectionManager::new(path))
        .max_size(1)
        .build()
        .unwrap(),
    |pool| pool,
    |conn, sql| conn.batch_execute(sql),
    |pool, text| pool.get().await?.batch_execute(text).await?
);
on_async!(
    sea_orm_pool,
    DatabaseConnection,
    &DatabaseTransaction,
    |path| Database::connect(
        ConnectOptions::new(format!("sqlite://{path}"))
            .max_connections(1)
            .to_owned()
    )
    .await
    .unwrap(),
    |pool| pool,
    |conn, sql| conn.execute_unprepared(sql),
    |pool, text| pool.execute_unprepared(text).await?
);
