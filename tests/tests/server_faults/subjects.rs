//! The drivers, each with a pool of one, and the same transaction on each.

use std::sync::Arc;
use std::time::Duration;

use commit_on_success::{commit_on_success, defer};
use diesel::r2d2::ConnectionManager;
use diesel::{MysqlConnection, PgConnection as DieselPg};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, deadpool};
use diesel_async::{AsyncMysqlConnection, AsyncPgConnection};
use r2d2_postgres::PostgresConnectionManager;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DatabaseTransaction};
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, MySqlConnection, MySqlPool, PgConnection, PgPool};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls};

use crate::visit::{Failure, Point, Visit};

/// A driver, and its pool.
pub(crate) trait Subject: Send + Sync {
    /// Whether its transaction is a future.
    fn is_async(&self) -> bool;

    /// Runs the transaction, from the first point on.
    fn start(self: Arc<Self>, visit: Visit, runtime: &Handle) -> JoinHandle<Result<(), Failure>>;
}

/// How to open it at a port of 127.0.0.1, inside of a runtime.
pub(crate) type Open = fn(u16) -> Arc<dyn Subject>;

pub(crate) const ON_POSTGRES: [(&str, Open); 7] = [
    ("sqlx-postgres", |port| {
        Arc::new(sqlx_postgres::Pooled::at(port))
    }),
    ("diesel-postgres", |port| {
        Arc::new(diesel_postgres::Pooled::at(port))
    }),
    ("diesel-async-postgres", |port| {
        Arc::new(diesel_async_postgres::Pooled::at(port))
    }),
    ("sea-orm-postgres", |port| {
        Arc::new(sea_orm_postgres::Pooled::at(port))
    }),
    ("tokio-postgres", |port| {
        Arc::new(of_tokio_postgres::Pooled::at(port))
    }),
    ("deadpool-postgres", |port| {
        Arc::new(of_deadpool_postgres::Pooled::at(port))
    }),
    ("postgres", |port| Arc::new(of_postgres::Pooled::at(port))),
];

pub(crate) const ON_MARIADB: [(&str, Open); 4] = [
    ("sqlx-mysql", |port| Arc::new(sqlx_mysql::Pooled::at(port))),
    ("diesel-mysql", |port| {
        Arc::new(diesel_mysql::Pooled::at(port))
    }),
    ("diesel-async-mysql", |port| {
        Arc::new(diesel_async_mysql::Pooled::at(port))
    }),
    ("sea-orm-mysql", |port| {
        Arc::new(sea_orm_mysql::Pooled::at(port))
    }),
];

/// Much longer than a server takes to come back.
const PATIENCE: Duration = Duration::from_secs(30);

/// What differs between the drivers is only the types.
macro_rules! asynchronous {
    (
        $module:ident, $pool:ty, $handle:ty,
        |$port:ident| $open:expr, |$from:ident| $source:expr, |$conn:ident, $sql:ident| $execute:expr
    ) => {
        mod $module {
            use super::*;

            pub(super) struct Pooled($pool);

            impl Pooled {
                pub(super) fn at($port: u16) -> Self {
                    Self($open)
                }
            }

            impl Subject for Pooled {
                fn is_async(&self) -> bool {
                    true
                }

                fn start(
                    self: Arc<Self>,
                    visit: Visit,
                    runtime: &Handle,
                ) -> JoinHandle<Result<(), Failure>> {
                    runtime.spawn(async move {
                        visit.pass(Point::NotBegun).await;
                        outer(&self.0, &visit).await
                    })
                }
            }

            #[commit_on_success(tx = $source)]
            async fn outer($from: &$pool, visit: &Visit) -> Result<(), Failure> {
                visit.pass(Point::Begun).await;
                execute(tx, visit.insert(1)).await?;
                defer!(visit.clone().call().await);
                defer!(visit.clone().call_last());
                inner(tx, visit).await?;
                for sql in visit.also {
                    visit.swallow(&execute(tx, (*sql).to_owned()).await);
                }
                visit.pass(Point::Stated).await;
                Ok(())
            }

            #[commit_on_success]
            async fn inner(connection: $handle, visit: &Visit) -> Result<(), Failure> {
                execute(connection, visit.insert(2)).await
            }

            async fn execute($conn: $handle, $sql: String) -> Result<(), Failure> {
                $execute.await?;
                Ok(())
            }
        }
    };
}

macro_rules! synchronous {
    (
        $module:ident, $pool:ty, $handle:ty,
        |$port:ident| $open:expr, |$from:ident| $source:expr, |$conn:ident, $sql:ident| $execute:expr
    ) => {
        mod $module {
            use super::*;

            pub(super) struct Pooled($pool);

            impl Pooled {
                pub(super) fn at($port: u16) -> Self {
                    Self($open)
                }
            }

            impl Subject for Pooled {
                fn is_async(&self) -> bool {
                    false
                }

                fn start(
                    self: Arc<Self>,
                    visit: Visit,
                    runtime: &Handle,
                ) -> JoinHandle<Result<(), Failure>> {
                    runtime.spawn_blocking(move || {
                        visit.pass_blocking(Point::NotBegun);
                        outer(&self.0, &visit)
                    })
                }
            }

            #[commit_on_success(tx = $source)]
            fn outer($from: &$pool, visit: &Visit) -> Result<(), Failure> {
                visit.pass_blocking(Point::Begun);
                execute(tx, visit.insert(1))?;
                defer!(visit.clone().call_blocking());
                defer!(visit.clone().call_last());
                inner(tx, visit)?;
                for sql in visit.also {
                    visit.swallow(&execute(tx, (*sql).to_owned()));
                }
                visit.pass_blocking(Point::Stated);
                Ok(())
            }

            #[commit_on_success]
            fn inner(connection: $handle, visit: &Visit) -> Result<(), Failure> {
                execute(connection, visit.insert(2))
            }

            fn execute($conn: $handle, $sql: String) -> Result<(), Failure> {
                $execute?;
                Ok(())
            }
        }
    };
}

pub(crate) fn pg_options(port: u16) -> PgConnectOptions {
    let options = PgConnectOptions::new_without_pgpass();
    options.host("127.0.0.1").port(port).username("postgres")
}

pub(crate) fn mysql_options(port: u16) -> MySqlConnectOptions {
    let options = MySqlConnectOptions::new();
    let options = options.host("127.0.0.1").port(port);
    options.username("root").database("test")
}

fn pg_pool(port: u16) -> PgPool {
    let options = PgPoolOptions::new().max_connections(1);
    options
        .acquire_timeout(PATIENCE)
        .connect_lazy_with(pg_options(port))
}

fn mysql_pool(port: u16) -> MySqlPool {
    let options = MySqlPoolOptions::new().max_connections(1);
    options
        .acquire_timeout(PATIENCE)
        .connect_lazy_with(mysql_options(port))
}

fn pg_url(port: u16) -> String {
    format!("host=127.0.0.1 port={port} user=postgres dbname=postgres")
}

fn mysql_url(port: u16) -> String {
    format!("mysql://root@127.0.0.1:{port}/test")
}

fn config(port: u16) -> Config {
    let mut config = Config::new();
    config
        .host("127.0.0.1")
        .port(port)
        .user("postgres")
        .dbname("postgres");
    config
}

fn r2d2_pool<M: r2d2::ManageConnection>(manager: M) -> r2d2::Pool<M> {
    let builder = r2d2::Pool::builder().max_size(1).min_idle(Some(0));
    let builder = builder.error_handler(Box::new(r2d2::NopErrorHandler));
    builder
        .connection_timeout(PATIENCE)
        .build_unchecked(manager)
}

async fn connect(config: &Config) -> Result<Client, Failure> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

type DieselAsync<C> = deadpool::Pool<C>;

/// One for each type: what a pool asks of its connections is long.
macro_rules! diesel_async_pool {
    ($connection:ty, $url:expr) => {
        DieselAsync::builder(AsyncDieselConnectionManager::<$connection>::new($url))
            .max_size(1)
            .build()
            .unwrap()
    };
}

asynchronous!(
    sqlx_postgres,
    PgPool,
    &mut PgConnection,
    |port| pg_pool(port),
    |pool| pool,
    |conn, sql| sqlx::query(AssertSqlSafe(sql)).execute(conn)
);
asynchronous!(
    sqlx_mysql,
    MySqlPool,
    &mut MySqlConnection,
    |port| mysql_pool(port),
    |pool| pool,
    |conn, sql| sqlx::query(AssertSqlSafe(sql)).execute(conn)
);
asynchronous!(
    sea_orm_postgres,
    DatabaseConnection,
    &DatabaseTransaction,
    |port| pg_pool(port).into(),
    |pool| pool,
    |conn, sql| conn.execute_unprepared(&sql)
);
asynchronous!(
    sea_orm_mysql,
    DatabaseConnection,
    &DatabaseTransaction,
    |port| mysql_pool(port).into(),
    |pool| pool,
    |conn, sql| conn.execute_unprepared(&sql)
);
asynchronous!(
    diesel_async_postgres,
    DieselAsync<AsyncPgConnection>,
    &mut AsyncPgConnection,
    |port| diesel_async_pool!(AsyncPgConnection, pg_url(port)),
    |pool| pool,
    |conn, sql| diesel_async::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);
asynchronous!(
    diesel_async_mysql,
    DieselAsync<AsyncMysqlConnection>,
    &mut AsyncMysqlConnection,
    // `mysql_async` would rather go around a proxy.
    |port| diesel_async_pool!(
        AsyncMysqlConnection,
        mysql_url(port) + "?prefer_socket=false"
    ),
    |pool| pool,
    |conn, sql| diesel_async::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);
asynchronous!(
    of_tokio_postgres,
    Config,
    &mut Client,
    |port| config(port),
    |config| &mut connect(config).await?,
    |conn, sql| conn.execute(&*sql, &[])
);
asynchronous!(
    of_deadpool_postgres,
    deadpool_postgres::Pool,
    &mut Client,
    |port| deadpool_postgres::Pool::builder(deadpool_postgres::Manager::new(config(port), NoTls))
        .max_size(1)
        .build()
        .unwrap(),
    |pool| pool,
    |conn, sql| conn.execute(&*sql, &[])
);
synchronous!(
    diesel_postgres,
    r2d2::Pool<ConnectionManager<DieselPg>>,
    &mut DieselPg,
    |port| r2d2_pool(ConnectionManager::new(pg_url(port))),
    |pool| pool,
    |conn, sql| diesel::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);
synchronous!(
    diesel_mysql,
    r2d2::Pool<ConnectionManager<MysqlConnection>>,
    &mut MysqlConnection,
    |port| r2d2_pool(ConnectionManager::new(mysql_url(port))),
    |pool| pool,
    |conn, sql| diesel::RunQueryDsl::execute(diesel::sql_query(sql), conn)
);
synchronous!(
    of_postgres,
    r2d2::Pool<PostgresConnectionManager<postgres::NoTls>>,
    &mut postgres::Client,
    |port| r2d2_pool(PostgresConnectionManager::new(
        config(port).into(),
        postgres::NoTls
    )),
    |pool| pool.get()?,
    |conn, sql| conn.execute(&*sql, &[])
);
