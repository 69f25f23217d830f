//! The drivers, each with a pool of one where there are pools, and the same transaction on each.

use std::sync::Arc;

use anyhow::Result;
use commit_on_success::commit_on_success;
use diesel::r2d2::ConnectionManager;
use diesel::{MysqlConnection, PgConnection as DieselPgConnection};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, deadpool};
use diesel_async::{AsyncMysqlConnection, AsyncPgConnection};
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

/// A driver.
pub(crate) struct Driver {
    pub(crate) name: &'static str,
    /// Opens its pool, or none, for the server at a URL. Inside of a runtime.
    pub(crate) open: fn(&str) -> Place,
}

macro_rules! drivers {
    ($($name:literal: $module:ident),* $(,)?) => {
        &[$(Driver { name: $name, open: $module::open }),*]
    };
}

pub(crate) const ON_POSTGRES: &[Driver] = drivers![
    "sqlx-postgres, pool": sqlx_postgres,
    "sqlx-postgres, connection": sqlx_postgres_connection,
    "sea-orm-postgres": sea_orm_postgres,
    "tokio-postgres": tokio_postgres_client,
    "deadpool-postgres": deadpool_postgres_pool,
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

/// What differs between the drivers is only the types, and whether something is awaited.
macro_rules! on {
    (
        $module:ident, ($($async:ident)?) ($($wait:tt)*), $pool:ty, $handle:ty,
        |$url:ident| $open:expr, |$from:ident| $source:expr, |$conn:ident, $sql:ident| $execute:expr
    ) => {
        mod $module {
            use super::*;

            pub(super) fn open($url: &str) -> Place {
                let pool: Arc<$pool> = Arc::new($open);
                Box::new(move |order| {
                    let pool = Arc::clone(&pool);
                    start!(outer(&pool, &order), $($async)?)
                })
            }

            #[commit_on_success(tx = $source, attempts = 3)]
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

on!(
    sqlx_postgres, (async) (.await), PgPool, &mut PgConnection,
    |url| pool_of_one(url.parse().unwrap()),
    |pool| pool,
    |conn, sql| sqlx::query(AssertSqlSafe(sql)).execute(conn)
);
on!(
    sqlx_postgres_connection, (async) (.await), PgConnectOptions, &mut PgConnection,
    |url| url.parse().unwrap(),
    |options| &mut PgConnection::connect_with(options).await?,
    |conn, sql| sqlx::query(AssertSqlSafe(sql)).execute(conn)
);
on!(
    sqlx_mysql, (async) (.await), MySqlPool, &mut MySqlConnection,
    |url| pool_of_one(url.parse().unwrap()),
    |pool| pool,
    |conn, sql| sqlx::query(AssertSqlSafe(sql)).execute(conn)
);
on!(
    sqlx_mysql_connection, (async) (.await), MySqlConnectOptions, &mut MySqlConnection,
    |url| url.parse().unwrap(),
    |options| &mut MySqlConnection::connect_with(options).await?,
    |conn, sql| sqlx::query(AssertSqlSafe(sql)).execute(conn)
);
on!(
    sea_orm_postgres, (async) (.await), DatabaseConnection, &DatabaseTransaction,
    |url| pool_of_one::<sqlx::Postgres>(url.parse().unwrap()).into(),
    |pool| pool,
    |conn, sql| conn.execute_unprepared(&sql)
);
on!(
    sea_orm_mysql, (async) (.await), DatabaseConnection, &DatabaseTransaction,
    |url| pool_of_one::<sqlx::MySql>(url.parse().unwrap()).into(),
    |pool| pool,
    |conn, sql| conn.execute_unprepared(&sql)
);
on!(
    tokio_postgres_client, (async) (.await), tokio_postgres::Config, &mut Client,
    |url| url.parse().unwrap(),
    |config| &mut connect(config).await?,
    |conn, sql| conn.execute(&*sql, &[])
);
on!(
    deadpool_postgres_pool, (async) (.await), deadpool_postgres::Pool, &mut Client,
    |url| {
        let manager = deadpool_postgres::Manager::new(url.parse().unwrap(), NoTls);
        let builder = deadpool_postgres::Pool::builder(manager);
        builder.max_size(1).build().unwrap()
    },
    |pool| pool,
    |conn, sql| conn.execute(&*sql, &[])
);
on!(
    postgres_client,
    ()(),
    r2d2::Pool<PostgresConnectionManager<NoTls>>,
    &mut postgres::Client,
    |url| r2d2_pool(PostgresConnectionManager::new(url.parse().unwrap(), NoTls)),
    |pool| pool.get()?,
    |conn, sql| conn.execute(&*sql, &[])
);
on!(
    diesel_postgres,
    ()(),
    r2d2::Pool<ConnectionManager<DieselPgConnection>>,
    &mut DieselPgConnection,
    |url| r2d2_pool(ConnectionManager::new(url)),
    |pool| pool,
    |conn, sql| diesel::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);
on!(
    diesel_mysql,
    ()(),
    r2d2::Pool<ConnectionManager<MysqlConnection>>,
    &mut MysqlConnection,
    |url| r2d2_pool(ConnectionManager::new(url)),
    |pool| pool,
    |conn, sql| diesel::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);
on!(
    diesel_async_postgres, (async) (.await), deadpool::Pool<AsyncPgConnection>, &mut AsyncPgConnection,
    |url| {
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(url);
        deadpool::Pool::builder(manager).max_size(1).build().unwrap()
    },
    |pool| pool,
    |conn, sql| diesel_async::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);
on!(
    diesel_async_mysql, (async) (.await), deadpool::Pool<AsyncMysqlConnection>, &mut AsyncMysqlConnection,
    |url| {
        // `mysql_async` would rather go around a proxy.
        let url = format!("{url}?prefer_socket=false");
        let manager = AsyncDieselConnectionManager::<AsyncMysqlConnection>::new(url);
        deadpool::Pool::builder(manager).max_size(1).build().unwrap()
    },
    |pool| pool,
    |conn, sql| diesel_async::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);

fn pool_of_one<DB: sqlx::Database>(
    options: <DB::Connection as sqlx::Connection>::Options,
) -> sqlx::Pool<DB> {
    PoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(options)
}

async fn connect(config: &tokio_postgres::Config) -> Result<Client> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn r2d2_pool<M: r2d2::ManageConnection>(manager: M) -> r2d2::Pool<M> {
    let builder = r2d2::Pool::builder().max_size(1).min_idle(Some(0));
    let quiet = builder.error_handler(Box::new(r2d2::NopErrorHandler));
    quiet.build_unchecked(manager)
}
