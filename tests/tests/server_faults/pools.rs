//! How drivers reach a server at a port of 127.0.0.1, with one connection each.

use std::time::Duration;

use diesel_async::pooled_connection::deadpool;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{MySqlPool, PgPool};
use tokio_postgres::{Client, Config, NoTls};

use crate::visit::Failure;

/// Much longer than a server takes to come back.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn pg_options(port: u16) -> PgConnectOptions {
    let options = PgConnectOptions::new_without_pgpass();
    options.host("127.0.0.1").port(port).username("postgres")
}

pub(crate) fn mysql_options(port: u16) -> MySqlConnectOptions {
    let options = MySqlConnectOptions::new();
    let options = options.host("127.0.0.1").port(port);
    options.username("root").database("test")
}

pub(crate) fn pg_pool(port: u16) -> PgPool {
    let options = PgPoolOptions::new().max_connections(1);
    options
        .acquire_timeout(PATIENCE)
        .connect_lazy_with(pg_options(port))
}

pub(crate) fn mysql_pool(port: u16) -> MySqlPool {
    let options = MySqlPoolOptions::new().max_connections(1);
    options
        .acquire_timeout(PATIENCE)
        .connect_lazy_with(mysql_options(port))
}

pub(crate) fn pg_url(port: u16) -> String {
    format!("host=127.0.0.1 port={port} user=postgres dbname=postgres")
}

pub(crate) fn mysql_url(port: u16) -> String {
    format!("mysql://root@127.0.0.1:{port}/test")
}

pub(crate) fn config(port: u16) -> Config {
    let mut config = Config::new();
    config
        .host("127.0.0.1")
        .port(port)
        .user("postgres")
        .dbname("postgres");
    config
}

pub(crate) async fn connect(config: &Config) -> Result<Client, Failure> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

pub(crate) fn deadpool_pool(port: u16) -> deadpool_postgres::Pool {
    let manager = deadpool_postgres::Manager::new(config(port), NoTls);
    let builder = deadpool_postgres::Pool::builder(manager).max_size(1);
    builder.build().unwrap()
}

pub(crate) fn r2d2_pool<M: r2d2::ManageConnection>(manager: M) -> r2d2::Pool<M> {
    let builder = r2d2::Pool::builder().max_size(1).min_idle(Some(0));
    let builder = builder.error_handler(Box::new(r2d2::NopErrorHandler));
    builder
        .connection_timeout(PATIENCE)
        .build_unchecked(manager)
}

pub(crate) type DieselAsync<C> = deadpool::Pool<C>;

/// One for each type: what a pool asks of its connections is long.
macro_rules! diesel_async_pool {
    ($connection:ty, $url:expr) => {{
        use diesel_async::pooled_connection::AsyncDieselConnectionManager as Manager;
        let builder = DieselAsync::builder(Manager::<$connection>::new($url)).max_size(1);
        builder.build().unwrap()
    }};
}
pub(crate) use diesel_async_pool;
