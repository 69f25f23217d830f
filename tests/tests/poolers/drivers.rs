//! The drivers, each with a pool of one where there are pools, and the same transaction on each.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use commit_on_success::commit_on_success;
use diesel::connection::CacheSize;
use diesel::r2d2::ConnectionManager;
use diesel::{MysqlConnection, PgConnection as DieselPgConnection};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, deadpool};
use diesel_async::{AsyncConnection as _, AsyncMysqlConnection, AsyncPgConnection};
use futures_util::FutureExt as _;
use r2d2_postgres::PostgresConnectionManager;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DatabaseTransaction};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, MySqlPool, PgConnection, PgPool};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};

use crate::story::{Body, Order};

/// Starts a transaction on the driver's pool.
pub(crate) type Place = Box<dyn Fn(Order) -> JoinHandle<Result<()>>>;

/// To whom a session of the server belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sessions {
    /// To the client that is connected.
    Own,
    /// To whoever has a transaction: statements that one client keeps prepared are in the way of others.
    Shared,
}

impl Sessions {
    fn cache(self) -> CacheSize {
        match self {
            Self::Own => CacheSize::Unbounded,
            Self::Shared => CacheSize::Disabled,
        }
    }
}

/// The way to a server.
pub(crate) struct At {
    pub(crate) url: String,
    pub(crate) sessions: Sessions,
}

/// A driver.
pub(crate) struct Driver {
    pub(crate) name: &'static str,
    /// Opens its pool, or none. Inside of a runtime.
    pub(crate) open: fn(&At) -> Place,
}

macro_rules! drivers {
    ($($name:literal: $module:ident),* $(,)?) => {
        &[$(Driver { name: $name, open: $module::open }),*]
    };
}

pub(crate) const ON_POSTGRES: &[Driver] = drivers![
    "sqlx-postgres, pool": sqlx_postgres,
    "sqlx-postgres, pool, settling": sqlx_postgres_settling,
    "sqlx-postgres, connection": sqlx_postgres_connection,
    "sea-orm-postgres": sea_orm_postgres,
    "tokio-postgres": tokio_postgres_client,
    "deadpool-postgres": deadpool_postgres_pool,
    "deadpool-postgres, settling": deadpool_postgres_settling,
    "postgres": postgres_client,
    "diesel-postgres": diesel_postgres,
    "diesel-async-postgres": diesel_async_postgres,
];

pub(crate) const ON_MYSQL: &[Driver] = drivers![
    "sqlx-mysql, pool": sqlx_mysql,
    "sqlx-mysql, connection": sqlx_mysql_connection,
    "sea-orm-mysql": sea_orm_mysql,
    "diesel-mysql": diesel_mysql,
    "diesel-async-mysql": diesel_async_mysql,
];

macro_rules! start {
    ($run:expr, async) => {
        tokio::spawn(async move { $run.await })
    };
    ($run:expr,) => {
        tokio::task::spawn_blocking(move || $run)
    };
}

/// The drivers differ only in their types, and in what is awaited.
macro_rules! on {
    (
        ($($async:ident)?) ($($wait:tt)*) ($($option:tt)*) $module:ident, $pool:ty, $handle:ty,
        |$at:ident| $open:expr, |$from:ident| $source:expr, |$conn:ident, $sql:ident| $execute:expr
    ) => {
        mod $module {
            use super::*;

            pub(super) fn open($at: &At) -> Place {
                let pool: Arc<$pool> = Arc::new($open);
                Box::new(move |order| {
                    let pool = Arc::clone(&pool);
                    start!(outer(&pool, &order), $($async)?)
                })
            }

            #[commit_on_success(tx = $source, attempts = 3 $($option)*)]
            $($async)? fn outer($from: &$pool, order: &Order) -> Result<()> {
                order.begin()?;
                execute(tx, order.insert(1)) $($wait)* ?;
                let nested = inner(tx, order) $($wait)*;
                order.swallow(Body::InnerFails, nested)?;
                let last = execute(tx, order.last()) $($wait)*;
                order.swallow(Body::Swallows, last)?;
                order.end()
            }

            #[commit_on_success]
            $($async)? fn inner(connection: $handle, order: &Order) -> Result<()> {
                execute(connection, order.insert(2)) $($wait)* ?;
                order.end_inner()
            }

            $($async)? fn execute($conn: $handle, $sql: String) -> Result<()> {
                $execute $($wait)* ?;
                Ok(())
            }
        }
    };
}

macro_rules! on_async {
    ($($driver:tt)*) => { on!((async) (.await) () $($driver)*); };
}
/// Another connection of the pool asks what became of a commit.
macro_rules! on_settling {
    ($($driver:tt)*) => { on!((async) (.await) (, settle) $($driver)*); };
}
macro_rules! on_sync {
    ($($driver:tt)*) => { on!(() () () $($driver)*); };
}

on_async!(
    sqlx_postgres,
    PgPool,
    &mut PgConnection,
    |at| pool_of_one(at.url.parse().unwrap()),
    |pool| pool,
    |conn, sql| unnamed(sql).execute(conn)
);
on_settling!(
    sqlx_postgres_settling,
    PgPool,
    &mut PgConnection,
    |at| pool_of_one(at.url.parse().unwrap()),
    |pool| pool,
    |conn, sql| unnamed(sql).execute(conn)
);
on_async!(
    sqlx_postgres_connection,
    PgConnectOptions,
    &mut PgConnection,
    |at| at.url.parse().unwrap(),
    |options| &mut PgConnection::connect_with(options).await?,
    |conn, sql| unnamed(sql).execute(conn)
);
on_async!(
    sqlx_mysql,
    MySqlPool,
    &mut MySqlConnection,
    |at| pool_of_one(at.url.parse().unwrap()),
    |pool| pool,
    |conn, sql| sqlx::query(AssertSqlSafe(sql)).execute(conn)
);
on_async!(
    sqlx_mysql_connection,
    MySqlConnectOptions,
    &mut MySqlConnection,
    |at| at.url.parse().unwrap(),
    |options| &mut MySqlConnection::connect_with(options).await?,
    |conn, sql| sqlx::query(AssertSqlSafe(sql)).execute(conn)
);
on_async!(
    sea_orm_postgres,
    DatabaseConnection,
    &DatabaseTransaction,
    |at| pool_of_one::<sqlx::Postgres>(at.url.parse().unwrap()).into(),
    |pool| pool,
    |conn, sql| conn.execute_unprepared(&sql)
);
on_async!(
    sea_orm_mysql,
    DatabaseConnection,
    &DatabaseTransaction,
    |at| pool_of_one::<sqlx::MySql>(at.url.parse().unwrap()).into(),
    |pool| pool,
    |conn, sql| conn.execute_unprepared(&sql)
);
on_async!(
    tokio_postgres_client,
    tokio_postgres::Config,
    &mut Client,
    |at| at.url.parse().unwrap(),
    |config| &mut connect(config).await?,
    |conn, sql| conn.execute(&*sql, &[])
);
on_async!(
    deadpool_postgres_pool,
    deadpool_postgres::Pool,
    &mut Client,
    |at| deadpool_postgres(at),
    |pool| pool,
    |conn, sql| conn.execute(&*sql, &[])
);
on_settling!(
    deadpool_postgres_settling,
    deadpool_postgres::Pool,
    &mut Client,
    |at| deadpool_postgres(at),
    |pool| pool,
    |conn, sql| conn.execute(&*sql, &[])
);
on_sync!(
    postgres_client,
    r2d2::Pool<PostgresConnectionManager<NoTls>>,
    &mut postgres::Client,
    |at| {
        let manager = PostgresConnectionManager::new(at.url.parse().unwrap(), NoTls);
        r2d2_pool(manager, r2d2::NopConnectionCustomizer)
    },
    |pool| pool.get()?,
    |conn, sql| conn.execute(&*sql, &[])
);
on_sync!(
    diesel_postgres,
    r2d2::Pool<ConnectionManager<DieselPgConnection>>,
    &mut DieselPgConnection,
    |at| r2d2_pool(ConnectionManager::new(&*at.url), at.sessions),
    |pool| pool,
    |conn, sql| diesel::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);
on_sync!(
    diesel_mysql,
    r2d2::Pool<ConnectionManager<MysqlConnection>>,
    &mut MysqlConnection,
    |at| r2d2_pool(ConnectionManager::new(&*at.url), at.sessions),
    |pool| pool,
    |conn, sql| diesel::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);
on_async!(
    diesel_async_postgres,
    deadpool::Pool<AsyncPgConnection>,
    &mut AsyncPgConnection,
    |at| diesel_pg_pool(&at.url, at.sessions),
    |pool| pool,
    |conn, sql| diesel_async::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);
on_async!(
    diesel_async_mysql,
    deadpool::Pool<AsyncMysqlConnection>,
    &mut AsyncMysqlConnection,
    // `mysql_async` would rather go around a proxy.
    |at| diesel_mysql_pool(&format!("{}?prefer_socket=false", at.url), at.sessions),
    |pool| pool,
    |conn, sql| diesel_async::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);

/// Without a name, as `statement_cache_capacity(0)` alone would leave it one that others may have as well.
fn unnamed(
    sql: String,
) -> sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments> {
    sqlx::query(AssertSqlSafe(sql)).persistent(false)
}

fn pool_of_one<DB: sqlx::Database>(
    options: <DB::Connection as sqlx::Connection>::Options,
) -> sqlx::Pool<DB> {
    PoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(options)
}

fn deadpool_postgres(at: &At) -> deadpool_postgres::Pool {
    let manager = deadpool_postgres::Manager::new(at.url.parse().unwrap(), NoTls);
    let builder = deadpool_postgres::Pool::builder(manager);
    builder.max_size(1).build().unwrap()
}

async fn connect(config: &tokio_postgres::Config) -> Result<Client> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn r2d2_pool<M: r2d2::ManageConnection>(
    manager: M,
    custom: impl r2d2::CustomizeConnection<M::Connection, M::Error>,
) -> r2d2::Pool<M> {
    let builder = r2d2::Pool::builder().max_size(1).min_idle(Some(0));
    let quiet = builder.error_handler(Box::new(r2d2::NopErrorHandler));
    let patient = quiet.connection_timeout(Duration::from_secs(10));
    let prepared = patient.connection_customizer(Box::new(custom));
    prepared.build_unchecked(manager)
}

impl<C: diesel::Connection + 'static> r2d2::CustomizeConnection<C, diesel::r2d2::Error>
    for Sessions
{
    fn on_acquire(&self, conn: &mut C) -> Result<(), diesel::r2d2::Error> {
        conn.set_prepared_statement_cache_size(self.cache());
        Ok(())
    }
}

/// One for each type: what a pool asks of its connections is long.
macro_rules! diesel_pool {
    ($open:ident, $connection:ty) => {
        fn $open(url: &str, sessions: Sessions) -> deadpool::Pool<$connection> {
            let mut config = ManagerConfig::default();
            config.custom_setup = Box::new(move |url| {
                let connecting = async move {
                    let mut conn = <$connection>::establish(url).await?;
                    conn.set_prepared_statement_cache_size(sessions.cache());
                    Ok(conn)
                };
                connecting.boxed()
            });
            let manager = AsyncDieselConnectionManager::new_with_config(url, config);
            deadpool::Pool::builder(manager)
                .max_size(1)
                .build()
                .unwrap()
        }
    };
}
diesel_pool!(diesel_pg_pool, AsyncPgConnection);
diesel_pool!(diesel_mysql_pool, AsyncMysqlConnection);
