//! The number of messages that a transaction sends to the server.

use std::cell::Cell;
use std::thread::sleep;
use std::time::Duration;

use ::sqlx::mysql::MySqlPoolOptions;
use ::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use ::sqlx::{ConnectOptions as _, Connection, Database, Executor, MySql, Postgres};
use tokio::net::ToSocketAddrs;
use tokio::runtime::{Builder, Runtime};

use crate::mysql_server::MySqlServer;
use crate::postgres_server::PostgresServer;
use crate::proxy::Proxy;
use crate::table::{self, Section};
use crate::transaction::{Place, Shape, Way};
use crate::{Result, message_drivers as drivers, sqlx as by_sqlx};

const SECTION: Section = Section(
    "messages to the server, one insert: committed; rolled back; and another in a savepoint",
);

const SHAPES: [Shape; 3] = [Shape::Commits, Shape::TakesBack, Shape::Nested];

const HOST: &str = "127.0.0.1";

/// The table of the drivers, which are those of the tests.
const ITEM: [&str; 2] = [
    "DROP TABLE IF EXISTS item",
    "CREATE TABLE item (id BIGINT PRIMARY KEY)",
];

macro_rules! count {
    ($stage:ident: $($driver:literal: $module:ident),* $(,)?) => {
        $(
            let place = $stage.runtime.block_on(drivers::$module::open($stage.address.clone()))?;
            $stage.count($driver, place)?;
        )*
    };
}

pub(crate) fn sqlx() -> Result {
    let stage = Stage::of_postgres()?;
    count!(stage: "sqlx-postgres, a pool": sqlx_postgres);
    stage.leave()?;
    let stage = Stage::of_mysql()?;
    count!(stage: "sqlx-mysql, a pool": sqlx_mysql);
    stage.leave()?;
    verified()
}

/// Beside code by hand that makes sure that there is something to commit.
fn verified() -> Result {
    let server = PostgresServer::with_table()?;
    let (runtime, proxy) = proxy(server.address.clone())?;
    let options: PgConnectOptions = server.tcp.parse()?;
    let options = options.host(HOST).port(proxy.address().port());
    let pool: PgPoolOptions = by_sqlx::of_one();
    let pool = runtime.block_on(pool.connect_with(options))?;
    count_verified("sqlx-postgres, a pool", &proxy, |way| {
        runtime.block_on(by_sqlx::postgres::run(way, &pool))
    })?;
    runtime.block_on(pool.close());

    let server = runtime.block_on(MySqlServer::with_table())?;
    let address = (server.tcp.get_host().to_owned(), server.tcp.get_port());
    let proxy = runtime.block_on(Proxy::to(address))?;
    let options = server.tcp.clone();
    let options = options.host(HOST).port(proxy.address().port());
    let pool: MySqlPoolOptions = by_sqlx::of_one();
    let pool = runtime.block_on(pool.connect_with(options))?;
    count_verified("sqlx-mysql, a pool", &proxy, |way| {
        runtime.block_on(by_sqlx::mysql::run(way, &pool))
    })?;
    runtime.block_on(pool.close());
    runtime.block_on(server.drop_table())
}

fn count_verified(
    driver: &str,
    proxy: &Proxy,
    mut run: impl FnMut(table::Way) -> Result,
) -> Result {
    let mut messages = |way| -> Result<usize> {
        // The first time, the statement is prepared.
        run(way)?;
        let before = settled(proxy);
        run(way)?;
        Ok(settled(proxy) - before)
    };
    let annotated = messages(table::Way::Annotated)?;
    let verified = messages(table::Way::Verified)?;
    let figure = format!("{annotated} / {verified}");
    SECTION.row(driver, "by hand, verified", figure, "≤ 1");
    Ok(())
}

pub(crate) fn postgres() -> Result {
    let stage = Stage::of_postgres()?;
    count!(
        stage:
        "tokio-postgres": tokio_postgres_client,
        "deadpool-postgres": deadpool_postgres_pool,
        "postgres": postgres_client,
    );
    stage.leave()
}

pub(crate) fn diesel() -> Result {
    let stage = Stage::of_postgres()?;
    count!(
        stage:
        "diesel, PostgreSQL": diesel_postgres,
        "diesel-async, PostgreSQL": diesel_async_postgres,
    );
    stage.leave()?;
    let stage = Stage::of_mysql()?;
    count!(
        stage:
        "diesel, MySQL": diesel_mysql,
        "diesel-async, MySQL": diesel_async_mysql,
    );
    stage.leave()
}

pub(crate) fn sea_orm() -> Result {
    let stage = Stage::of_postgres()?;
    count!(stage: "sea-orm, PostgreSQL": sea_orm_postgres);
    stage.leave()?;
    let stage = Stage::of_mysql()?;
    count!(stage: "sea-orm, MySQL": sea_orm_mysql);
    stage.leave()
}

/// A server with a table, and a proxy in front of it.
struct Stage<DB: Database> {
    runtime: Runtime,
    proxy: Proxy,
    server: <DB::Connection as Connection>::Options,
    /// Through the proxy.
    address: <DB::Connection as Connection>::Options,
    /// The next row.
    id: Cell<i64>,
}

impl Stage<Postgres> {
    fn of_postgres() -> Result<Self> {
        let PostgresServer { tcp, address, .. } = &PostgresServer::with_table()?;
        let (runtime, proxy) = proxy(address.clone())?;
        let server: PgConnectOptions = tcp.parse()?;
        let address = server.clone().host(HOST).port(proxy.address().port());
        Self {
            runtime,
            proxy,
            server,
            address,
            id: Cell::new(0),
        }
        .with_table()
    }
}

impl Stage<MySql> {
    fn of_mysql() -> Result<Self> {
        let server = MySqlServer::address()?;
        let (runtime, proxy) = proxy((server.get_host().to_owned(), server.get_port()))?;
        let address = server.clone().host(HOST).port(proxy.address().port());
        Self {
            runtime,
            proxy,
            server,
            address,
            id: Cell::new(0),
        }
        .with_table()
    }
}

impl<DB: Database> Stage<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    fn with_table(self) -> Result<Self> {
        self.send(&ITEM)?;
        Ok(self)
    }

    fn leave(self) -> Result {
        self.send(&ITEM[..1])
    }

    fn send(&self, statements: &[&'static str]) -> Result {
        self.runtime.block_on(async {
            let mut connection = self.server.connect().await?;
            for statement in statements {
                connection.execute(*statement).await?;
            }
            Ok(connection.close().await?)
        })
    }

    fn count(&self, driver: &str, mut place: impl Place) -> Result {
        let mut messages = |way, shape| -> Result<usize> {
            let before = settled(&self.proxy);
            // A savepoint has the next one.
            let id = self.id.replace(self.id.get() + 2);
            self.runtime.block_on(place.run(way, shape, id))?;
            Ok(settled(&self.proxy) - before)
        };
        // Prepares the statement.
        messages(Way::ByHand, Shape::Nested)?;
        let mut figures = Vec::new();
        for shape in SHAPES {
            let annotated = messages(Way::Annotated, shape)?;
            let by_hand = messages(Way::ByHand, shape)?;
            figures.push(format!("{annotated} / {by_hand}"));
        }
        SECTION.row(driver, "by hand", figures.join("; "), "≤ 1");
        self.runtime.block_on(async { place.leave() });
        Ok(())
    }
}

/// A proxy on threads of its own: the sync drivers drive no runtime.
fn proxy<A>(server: A) -> Result<(Runtime, Proxy)>
where
    A: ToSocketAddrs + Clone + Send + Sync + 'static,
{
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let proxy = runtime.block_on(Proxy::to(server))?;
    Ok((runtime, proxy))
}

/// The number of messages that have come, once no more of them come: a pool says something when it gets a connection back.
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
