//! The drivers, each on one connection.

use std::sync::Arc;
use std::sync::Mutex as Lock;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use anyhow::{Result, anyhow};
use commit_on_success::commit_on_success;
use commit_on_success::testing::{AsyncTestTransaction, TestTransaction};
use diesel::Connection as _;
use diesel::PgConnection as DieselPgConnection;
use diesel::r2d2::ConnectionManager;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, deadpool};
use futures_util::FutureExt as _;
use r2d2_postgres::PostgresConnectionManager;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DatabaseTransaction};
use sqlx::pool::PoolOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use tokio::sync::Mutex;
use tokio_postgres::{Client, NoTls};

use crate::act::*;

/// A driver, and its connection.
pub(crate) trait Subject: Sized {
    /// Whether a future can be dropped.
    const DROPS: bool;

    /// The messages that settings cost, beyond those of the same transaction without.
    const COST: usize = 0;

    /// Whether the body can choose the isolation level by itself.
    const MAY_CHOOSE: bool = true;

    /// Whether the pool sends something before there is a connection.
    const CHECK: usize = 0;

    /// Whether what the last user has left open is rolled back, or refused: what sea-orm does not see is a part of the block.
    const SEES_LEFTOVERS: bool = true;

    async fn open(url: &str) -> Self;

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

/// The sync driver of PostgreSQL has a runtime of its own, which cannot be dropped inside of another one.
macro_rules! closes {
    (async) => {};
    () => {
        impl Drop for Driver {
            fn drop(&mut self) {
                let pool = Arc::clone(&self.0);
                std::thread::spawn(move || {
                    while Arc::strong_count(&pool) > 1 {
                        std::thread::yield_now();
                    }
                });
            }
        }
    };
}

macro_rules! test_transaction {
    ($source:expr, async) => {
        AsyncTestTransaction::begin($source).await?
    };
    ($source:expr,) => {
        TestTransaction::begin($source)?
    };
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
        ($($async:ident)?) ($($wait:tt)*) $module:ident, $pool:ty, $handle:ty, { $($difference:item)* },
        |$url:ident| $open:expr, |$from:ident| $source:expr, |$conn:ident, $sql:ident| $execute:expr,
        |$raw:ident, $text:ident| $plain:expr
    ) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) struct Driver(Arc<$pool>);

            closes!($($async)?);

            impl Subject for Driver {
                const DROPS: bool = drops!($($async)?);

                $($difference)*

                async fn open($url: &str) -> Self {
                    Self(Arc::new($open))
                }

                async fn run(&self, act: Act) -> Result<()> {
                    runs!($($async)?, self.0, act)
                }
            }

            $($async)? fn act(pool: &$pool, act: &Act) -> Result<()> {
                match act {
                    Act::Set(value, end) => sets(pool, value, *end) $($wait)*,
                    Act::Look => looks(pool) $($wait)*,
                    Act::Refused => refused(pool) $($wait)*,
                    Act::Again(evaluated) => again(pool, evaluated, &AtomicUsize::new(0)) $($wait)*,
                    Act::Inside(inner) => outer(pool, *inner) $($wait)* ?,
                    Act::Idle(Settings::With) => idle_with(pool) $($wait)*,
                    Act::Idle(Settings::Without) => idle(pool) $($wait)*,
                    Act::Serializable => serializable(pool) $($wait)*,
                    Act::ChoosesLevel => chooses_level(pool) $($wait)*,
                    Act::InTest => in_test(pool) $($wait)*,
                    Act::Pragma => pragma(pool) $($wait)*,
                    Act::SearchPath(path) => searches(pool, path.clone()) $($wait)*,
                    Act::Plain(sql) => plain(pool, sql) $($wait)*,
                }
            }

            #[commit_on_success(tx = $source, set("app.tenant" = value, statement_timeout = "5s", lock_timeout = 1234))]
            $($async)? fn sets($from: &$pool, value: &str, end: End) -> Result<()> {
                execute(tx, NOTE_SET) $($wait)* ?;
                let _ = value;
                end.reach()
            }

            #[commit_on_success(tx = $source)]
            $($async)? fn looks($from: &$pool) -> Result<()> {
                execute(tx, NOTE_LEFT) $($wait)*
            }

            #[commit_on_success(tx = $source, set("app.tenant" = "none", statement_timeout = "soon"))]
            $($async)? fn refused($from: &$pool) -> Result<()> {
                let _ = tx;
                unreachable!("the body does not run")
            }

            #[commit_on_success(tx = $source, attempts = 3, set("app.tenant" = counted(evaluated), statement_timeout = "5s", lock_timeout = 1234))]
            $($async)? fn again($from: &$pool, evaluated: &AtomicUsize, runs: &AtomicUsize) -> Result<()> {
                if counted(runs) == 1 {
                    execute(tx, FAILS) $($wait)* ?;
                }
                execute(tx, NOTE_SET) $($wait)*
            }

            #[commit_on_success(tx = $source)]
            $($async)? fn outer($from: &$pool, inner: Inner) -> Result<Result<()>> {
                Ok(match inner {
                    Inner::None => Ok(()),
                    Inner::Nested => nested(tx) $($wait)*,
                    Inner::Joined => joined(tx) $($wait)*,
                    Inner::Durable => durable(tx) $($wait)*,
                })
            }

            #[commit_on_success(set("app.tenant" = "inner"))]
            $($async)? fn nested(connection: $handle) -> Result<()> {
                let _ = connection;
                unreachable!("the body does not run")
            }

            #[commit_on_success(propagation = required, set("app.tenant" = "inner"))]
            $($async)? fn joined(connection: $handle) -> Result<()> {
                let _ = connection;
                unreachable!("the body does not run")
            }

            #[commit_on_success(propagation = durable, set("app.tenant" = "inner"))]
            $($async)? fn durable(connection: $handle) -> Result<()> {
                let _ = connection;
                unreachable!("the body does not run")
            }

            #[commit_on_success(tx = $source)]
            $($async)? fn idle($from: &$pool) -> Result<()> {
                let _ = tx;
                Ok(())
            }

            #[commit_on_success(tx = $source, set("app.tenant" = "idle"))]
            $($async)? fn idle_with($from: &$pool) -> Result<()> {
                let _ = tx;
                Ok(())
            }

            #[commit_on_success(tx = $source, isolation = serializable, read_only, deferrable, set("app.tenant" = "seven"))]
            $($async)? fn serializable($from: &$pool) -> Result<()> {
                execute(tx, &holds(IS_SERIALIZABLE)) $($wait)* ?;
                execute(tx, &holds(IS_DEFERRABLE)) $($wait)*
            }

            #[commit_on_success(tx = $source, set("app.tenant" = "seven"))]
            $($async)? fn chooses_level($from: &$pool) -> Result<()> {
                execute(tx, CHOOSES) $($wait)* ?;
                execute(tx, &holds(IS_SERIALIZABLE)) $($wait)*
            }

            #[commit_on_success(tx = $source, set(search_path = path))]
            $($async)? fn searches($from: &$pool, path: String) -> Result<()> {
                let _ = path;
                execute(tx, NOTE_PATH) $($wait)*
            }

            #[commit_on_success(tx = $source, pragma(foreign_keys = false))]
            $($async)? fn pragma($from: &$pool) -> Result<()> {
                let _ = tx;
                unreachable!("the body does not run")
            }

            $($async)? fn in_test($from: &$pool) -> Result<()> {
                // The temporaries of the source live as long.
                match test_transaction!($source, $($async)?) {
                    mut test => {
                        execute(test.connection(), "SET LOCAL lock_timeout = '7s'") $($wait)* ?;
                        for end in [End::Ok, End::Err, End::TakesBack, End::Ok] {
                            let ended = inside(test.connection(), end) $($wait)*;
                            assert_eq!(ended.is_err(), end == End::Err, "{ended:?}");
                            execute(test.connection(), &holds(IS_AS_BEFORE)) $($wait)* ?;
                        }
                    }
                }
                Ok(())
            }

            #[commit_on_success(set("app.tenant" = "o'ne", statement_timeout = "5s", lock_timeout = 1234))]
            $($async)? fn inside(connection: $handle, end: End) -> Result<()> {
                execute(connection, &holds(IS_SET)) $($wait)* ?;
                end.reach()
            }

            /// Outside of any block.
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

on_async!(
    sqlx_pool,
    PgPool,
    &mut PgConnection,
    {},
    |url| PoolOptions::new()
        .max_connections(1)
        .connect(url)
        .await
        .unwrap(),
    |pool| pool,
    |conn, sql| sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(conn),
    |raw, text| sqlx::raw_sql(AssertSqlSafe(text.to_owned()))
        .execute(&mut *raw.acquire().await?)
        .await?
);
on_async!(
    sqlx_connection,
    Mutex<PgConnection>,
    &mut PgConnection,
    {
        const MAY_CHOOSE: bool = false;
    },
    |url| Mutex::new(PgConnection::connect(url).await.unwrap()),
    |connection| &mut *connection.lock().await,
    |conn, sql| sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(conn),
    |raw, text| sqlx::raw_sql(AssertSqlSafe(text.to_owned()))
        .execute(&mut *raw.lock().await)
        .await?
);
on_async!(
    sea_orm_pool,
    DatabaseConnection,
    &DatabaseTransaction,
    {
        const COST: usize = 1;
        const SEES_LEFTOVERS: bool = false;
    },
    |url| PoolOptions::<sqlx::Postgres>::new()
        .max_connections(1)
        .connect(url)
        .await
        .unwrap()
        .into(),
    |pool| pool,
    |conn, sql| conn.execute_unprepared(sql),
    |raw, text| raw.execute_unprepared(text).await?
);
on_async!(
    tokio_postgres_client,
    Mutex<Client>,
    &mut Client,
    {},
    |url| Mutex::new(connect(url).await),
    |client| &mut *client.lock().await,
    |conn, sql| conn.batch_execute(sql),
    |raw, text| raw.lock().await.batch_execute(text).await?
);
on_async!(
    deadpool_pool,
    deadpool_postgres::Pool,
    &mut Client,
    {},
    |url| {
        let manager = deadpool_postgres::Manager::new(url.parse().unwrap(), NoTls);
        let builder = deadpool_postgres::Pool::builder(manager);
        builder.max_size(1).build().unwrap()
    },
    |pool| pool,
    |conn, sql| conn.batch_execute(sql),
    |raw, text| raw.get().await?.batch_execute(text).await?
);
on_sync!(
    postgres_pool,
    r2d2::Pool<PostgresConnectionManager<NoTls>>,
    &mut postgres::Client,
    {
        const CHECK: usize = 1;
    },
    |url| r2d2_pool(PostgresConnectionManager::new(url.parse().unwrap(), NoTls)),
    |pool| pool.get()?,
    |conn, sql| conn.batch_execute(sql),
    |raw, text| raw.get()?.batch_execute(text)?
);
on_sync!(
    diesel_pool,
    r2d2::Pool<ConnectionManager<DieselPgConnection>>,
    &mut DieselPgConnection,
    {},
    |url| r2d2_pool(ConnectionManager::new(url)),
    |pool| pool,
    |conn, sql| diesel::connection::SimpleConnection::batch_execute(conn, sql),
    |raw, text| diesel::connection::SimpleConnection::batch_execute(&mut raw.get()?, text)?
);
on_sync!(
    diesel_connection,
    Lock<DieselPgConnection>,
    &mut DieselPgConnection,
    {},
    |url| Lock::new(DieselPgConnection::establish(url).unwrap()),
    |connection| &mut *connection
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner),
    |conn, sql| diesel::connection::SimpleConnection::batch_execute(conn, sql),
    |raw, text| diesel::connection::SimpleConnection::batch_execute(
        &mut *raw.lock().unwrap(),
        text
    )?
);
on_async!(
    diesel_async_pool,
    deadpool::Pool<AsyncPgConnection>,
    &mut AsyncPgConnection,
    {},
    |url| {
        let manager = AsyncDieselConnectionManager::new(url);
        deadpool::Pool::builder(manager)
            .max_size(1)
            .build()
            .unwrap()
    },
    |pool| pool,
    |conn, sql| diesel_async::SimpleAsyncConnection::batch_execute(conn, sql),
    |raw, text| diesel_async::SimpleAsyncConnection::batch_execute(&mut raw.get().await?, text)
        .await?
);

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn r2d2_pool<M: r2d2::ManageConnection>(manager: M) -> r2d2::Pool<M> {
    let builder = r2d2::Pool::builder().max_size(1).min_idle(Some(0));
    let patient = builder.connection_timeout(Duration::from_secs(10));
    patient.build_unchecked(manager)
}
