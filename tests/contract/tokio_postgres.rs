//! The needs of the contract suite, for tokio-postgres, with pools of deadpool-postgres. What a
//! connection is comes from the `dialect` of each test program: the client, or what the pool makes of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use commit_on_success_tests::corner::{Corner, Stage as _};
use commit_on_success_tests::pg::config;
use deadpool_postgres::{Manager, Object, Runtime};
use sqlx::Postgres;
use tokio_postgres::{Client, Config, NoTls};

use crate::dialect;

pub(crate) use commit_on_success_test_macros::server_test as test;

pub(crate) use commit_on_success_tests::pg::DriverError;
pub(crate) use dialect::Connection;
/// The error that the driver itself returns.
pub(crate) type Original = tokio_postgres::Error;
pub(crate) type Pool = deadpool_postgres::Pool;
pub(crate) type Pooled = Object;
/// A transaction that was begun without `commit_on_success`, as a source.
pub(crate) type ByHand<'r, 't> = &'r mut dialect::Begun<'t>;

/// A schema of its own, with the tables `item` and `child`.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) config: Config,
    pub(crate) corner: Arc<Corner<Postgres>>,
}

pub(crate) async fn open() -> Database {
    let corner = Postgres::corner().await;
    let tables = "
        CREATE TABLE item (id BIGINT PRIMARY KEY);
        CREATE TABLE child (item BIGINT REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED);
    ";
    corner.execute(tables).await;
    Database {
        config: config(&corner.address),
        corner: Arc::new(corner),
    }
}

impl Database {
    pub(crate) async fn connect(&self) -> Connection {
        dialect::connect(&self.config).await
    }

    /// A pool that does not wait for ever when it has nothing left to give.
    #[expect(clippy::unused_async, reason = "other pools begin with a connection")]
    pub(crate) async fn pool(&self, size: u32) -> Pool {
        pool(self.config.clone(), size)
    }

    /// The address of the server.
    pub(crate) fn server(&self) -> (String, u16) {
        let address = &self.corner.address;
        (address.get_host().to_owned(), address.get_port())
    }

    /// The same database through a proxy.
    pub(crate) fn through(&self, proxy: SocketAddr) -> Self {
        let address = self.corner.address.clone();
        let host = proxy.ip().to_string();
        Self {
            config: config(&address.host(&host).port(proxy.port())),
            corner: Arc::clone(&self.corner),
        }
    }

    /// The rows that somebody else sees.
    pub(crate) async fn committed(&self) -> Vec<i64> {
        let items = "SELECT id FROM item ORDER BY id";
        self.corner.numbers(items).await
    }
}

pub(crate) fn pool(config: Config, size: u32) -> Pool {
    Pool::builder(Manager::new(config, NoTls))
        .max_size(size.try_into().unwrap())
        .wait_timeout(Some(Duration::from_secs(20)))
        .runtime(Runtime::Tokio1)
        .build()
        .unwrap()
}

/// A connection or a transaction, on which statements can be sent.
pub(crate) trait Lend {
    fn client(&self) -> &Client;
}

impl Lend for Client {
    fn client(&self) -> &Client {
        self
    }
}

impl Lend for Object {
    fn client(&self) -> &Client {
        self
    }
}

impl Lend for tokio_postgres::Transaction<'_> {
    fn client(&self) -> &Client {
        self.client()
    }
}

impl Lend for deadpool_postgres::Transaction<'_> {
    fn client(&self) -> &Client {
        tokio_postgres::Transaction::client(self)
    }
}

/// The pool as the source of a transaction.
pub(crate) fn source(pool: &Pool) -> &Pool {
    pool
}

pub(crate) async fn take(pool: &Pool) -> Pooled {
    pool.get().await.unwrap()
}

pub(crate) async fn insert(conn: &mut impl Lend, id: i64) -> Result<(), DriverError> {
    let statement = "INSERT INTO item (id) VALUES ($1)";
    conn.client().execute(statement, &[&id]).await?;
    Ok(())
}

pub(crate) async fn rows(conn: &mut impl Lend) -> Result<Vec<i64>, DriverError> {
    let statement = "SELECT id FROM item ORDER BY id";
    let rows = conn.client().query(statement, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Sends a statement as it is.
pub(crate) async fn execute(
    conn: &mut impl Lend,
    statement: &'static str,
) -> Result<(), DriverError> {
    Ok(conn.client().batch_execute(statement).await?)
}

/// Begins a transaction without `commit_on_success`.
pub(crate) async fn begin_by_hand(conn: &mut Connection) -> dialect::Begun<'_> {
    conn.transaction().await.unwrap()
}

pub(crate) async fn commit_by_hand(transaction: dialect::Begun<'_>) {
    transaction.commit().await.unwrap();
}

/// Lets others run.
pub(crate) async fn pause() {
    tokio::task::yield_now().await;
}

/// A transaction that was begun by hand, lent as a source.
macro_rules! lend {
    ($transaction:ident) => {
        &mut $transaction
    };
}
pub(crate) use lend;

/// Catches a panic of the call, with its payload.
macro_rules! caught {
    ($call:expr) => {
        ::futures_util::FutureExt::catch_unwind(::std::panic::AssertUnwindSafe($call)).await
    };
}
pub(crate) use caught;

/// A call of a function by itself.
macro_rules! boxed {
    ($call:expr) => {
        ::std::boxed::Box::pin($call).await
    };
}
pub(crate) use boxed;
