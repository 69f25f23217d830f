//! The number of messages that a transaction sends to the server.

use std::thread::sleep;
use std::time::Duration;

use ::sqlx::mysql::MySqlPoolOptions;
use ::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use ::tokio_postgres::{Config, NoTls};
use tokio::net::ToSocketAddrs;
use tokio::runtime::{Builder, Runtime};

use crate::mysql_server::MySqlServer;
use crate::postgres_server::{INSERT, PostgresServer};
use crate::proxy::Proxy;
use crate::table::{Section, Way};
use crate::{Result, diesel_async, postgres as sync_postgres, sqlx as by_sqlx, tokio_postgres};

const SECTION: Section = Section("messages to the server, one insert");

const BY_HAND: (Way, &str) = (Way::ByHand, "by hand");
const VERIFIED: (Way, &str) = (Way::Verified, "by hand, verified");

pub(crate) fn postgres() -> Result {
    let server = PostgresServer::with_table()?;
    let (runtime, proxy) = proxy(server.address.clone())?;
    let config = through(&proxy, &server);

    let mut client = runtime.block_on(tokio_postgres::connect(&config))?;
    let insert = runtime.block_on(client.prepare(INSERT))?;
    count("tokio-postgres", &proxy, BY_HAND, |way| {
        runtime.block_on(tokio_postgres::run(way, &mut client, &insert))
    })?;

    let mut client = ::postgres::Config::from(config.clone()).connect(NoTls)?;
    let insert = client.prepare(INSERT)?;
    count("postgres", &proxy, BY_HAND, |way| {
        sync_postgres::run(way, &mut client, &insert)
    })?;

    let mut conn = runtime.block_on(diesel_async::connect(&config))?;
    count("diesel-async, PostgreSQL", &proxy, BY_HAND, |way| {
        Ok(runtime.block_on(diesel_async::postgresql::run(way, &mut conn))?)
    })
}

pub(crate) fn sqlx() -> Result {
    let server = PostgresServer::with_table()?;
    let (runtime, proxy) = proxy(server.address.clone())?;
    let options: PgConnectOptions = server.tcp.parse()?;
    let options = options.host("127.0.0.1").port(proxy.address().port());
    let pool: PgPoolOptions = by_sqlx::of_one();
    let pool = runtime.block_on(pool.connect_with(options))?;
    for against in [BY_HAND, VERIFIED] {
        count("sqlx-postgres", &proxy, against, |way| {
            runtime.block_on(by_sqlx::postgres::run(way, &pool))
        })?;
    }
    runtime.block_on(pool.close());

    let server = runtime.block_on(MySqlServer::with_table())?;
    let address = (server.tcp.get_host().to_owned(), server.tcp.get_port());
    let proxy = runtime.block_on(Proxy::to(address))?;
    let options = server.tcp.clone();
    let options = options.host("127.0.0.1").port(proxy.address().port());
    let pool: MySqlPoolOptions = by_sqlx::of_one();
    let pool = runtime.block_on(pool.connect_with(options))?;
    for against in [BY_HAND, VERIFIED] {
        count("sqlx-mysql", &proxy, against, |way| {
            runtime.block_on(by_sqlx::mysql::run(way, &pool))
        })?;
    }
    runtime.block_on(pool.close());
    runtime.block_on(server.drop_table())
}

/// A proxy on threads of its own: the sync driver drives no runtime.
fn proxy<A>(server: A) -> Result<(Runtime, Proxy)>
where
    A: ToSocketAddrs + Clone + Send + Sync + 'static,
{
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let proxy = runtime.block_on(Proxy::to(server))?;
    Ok((runtime, proxy))
}

fn through(proxy: &Proxy, server: &PostgresServer) -> Config {
    let mut config = server.config_without_host();
    config.host("127.0.0.1").port(proxy.address().port());
    config
}

fn count(
    driver: &str,
    proxy: &Proxy,
    (way, against): (Way, &str),
    mut run: impl FnMut(Way) -> Result,
) -> Result {
    let mut messages = |way| -> Result<usize> {
        run(way)?;
        // The first time, statements are prepared. A pool may say something when it gets a connection back.
        let before = settled(proxy);
        run(way)?;
        Ok(settled(proxy) - before)
    };
    let (annotated, by_hand) = (messages(Way::Annotated)?, messages(way)?);
    SECTION.row(driver, against, format!("{annotated} / {by_hand}"), "≤ 1");
    Ok(())
}

/// The number of messages that have come, once no more of them come.
fn settled(proxy: &Proxy) -> usize {
    let mut arrived = proxy.requests.arrived();
    loop {
        sleep(Duration::from_millis(50));
        let now = proxy.requests.arrived();
        if now == arrived {
            return now;
        }
        arrived = now;
    }
}
