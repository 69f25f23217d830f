//! The needs of the contract suite, for the sync postgres, with pools of r2d2.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use commit_on_success_tests::corner::{Corner, Stage as _};
use commit_on_success_tests::pg;
use postgres::types::ToSql;
use postgres::{Client, Config, NoTls, Row, Transaction};
use r2d2_postgres::PostgresConnectionManager;
use tokio::runtime::Builder;

pub(crate) use commit_on_success_test_macros::sync_server_test as test;

pub(crate) type Connection = Client;
pub(crate) use pg::DriverError;
/// The error that the driver itself returns.
pub(crate) type Original = postgres::Error;
pub(crate) type Pool = r2d2::Pool<PostgresConnectionManager<NoTls>>;
pub(crate) type Pooled = r2d2::PooledConnection<PostgresConnectionManager<NoTls>>;
/// A transaction that was begun without `commit_on_success`, as a source.
pub(crate) type ByHand<'r, 't> = &'r mut Transaction<'t>;

/// A schema of its own, with the tables `item` and `child`.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) config: Config,
    pub(crate) corner: Arc<Corner<sqlx::Postgres>>,
}

pub(crate) fn open() -> Database {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let corner = runtime.block_on(sqlx::Postgres::corner());
    let database = Database {
        config: pg::config(&corner.address).into(),
        corner: Arc::new(corner),
    };
    let tables = "
        CREATE TABLE item (id BIGINT PRIMARY KEY);
        CREATE TABLE child (item BIGINT REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED);
    ";
    database.connect().batch_execute(tables).unwrap();
    database
}

impl Database {
    pub(crate) fn connect(&self) -> Connection {
        self.config.connect(NoTls).unwrap()
    }

    /// A pool that does not wait for ever when it has nothing left to give.
    pub(crate) fn pool(&self, size: u32) -> Pool {
        let manager = PostgresConnectionManager::new(self.config.clone(), NoTls);
        r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .connection_timeout(Duration::from_secs(20))
            .build(manager)
            .unwrap()
    }

    /// The address of the server.
    pub(crate) fn server(&self) -> (String, u16) {
        let address = &self.corner.address;
        (address.get_host().to_owned(), address.get_port())
    }

    /// The same database through a proxy.
    pub(crate) fn through(&self, proxy: SocketAddr) -> Self {
        let address = self.corner.address.clone();
        let address = address.host(&proxy.ip().to_string()).port(proxy.port());
        Self {
            config: pg::config(&address).into(),
            corner: Arc::clone(&self.corner),
        }
    }

    /// The rows that somebody else sees.
    pub(crate) fn committed(&self) -> Vec<i64> {
        rows(&mut self.connect()).unwrap()
    }
}

/// A connection or a transaction, on which statements can be sent.
pub(crate) trait Lend {
    fn ask(
        &mut self,
        statement: &str,
        arguments: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Original>;
    fn send(&mut self, statement: &str) -> Result<(), Original>;
}

macro_rules! lent {
    ($($connection:ty),*) => {$(
        impl Lend for $connection {
            fn ask(
                &mut self,
                statement: &str,
                arguments: &[&(dyn ToSql + Sync)],
            ) -> Result<Vec<Row>, Original> {
                self.query(statement, arguments)
            }

            fn send(&mut self, statement: &str) -> Result<(), Original> {
                self.batch_execute(statement)
            }
        }
    )*};
}
lent!(Client, Pooled, Transaction<'_>);

/// The pool as the source of a transaction: a connection by value.
pub(crate) fn source(pool: &Pool) -> Pooled {
    take(pool)
}

pub(crate) fn take(pool: &Pool) -> Pooled {
    pool.get().unwrap()
}

pub(crate) fn insert(conn: &mut impl Lend, id: i64) -> Result<(), DriverError> {
    conn.ask("INSERT INTO item (id) VALUES ($1)", &[&id])?;
    Ok(())
}

pub(crate) fn rows(conn: &mut impl Lend) -> Result<Vec<i64>, DriverError> {
    let rows = conn.ask("SELECT id FROM item ORDER BY id", &[])?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Sends a statement as it is.
pub(crate) fn execute(conn: &mut impl Lend, statement: &'static str) -> Result<(), DriverError> {
    Ok(conn.send(statement)?)
}

/// Begins a transaction without `commit_on_success`.
pub(crate) fn begin_by_hand(conn: &mut Connection) -> Transaction<'_> {
    conn.transaction().unwrap()
}

pub(crate) fn commit_by_hand(transaction: Transaction<'_>) {
    transaction.commit().unwrap();
}

/// Nobody else to let run.
pub(crate) fn pause() {}

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
        ::std::panic::catch_unwind(::std::panic::AssertUnwindSafe(|| $call))
    };
}
pub(crate) use caught;

/// A call of a function by itself; only a future needs a box for it.
macro_rules! boxed {
    ($call:expr) => {
        $call
    };
}
pub(crate) use boxed;
