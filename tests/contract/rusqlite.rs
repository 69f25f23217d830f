//! The needs of the contract suite, for rusqlite.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use r2d2::ManageConnection;
use tempfile::TempDir;

pub(crate) use core::prelude::v1::test;

pub(crate) type Connection = rusqlite::Connection;
pub(crate) type DriverError = rusqlite::Error;
/// The error that the driver itself returns.
pub(crate) type Original = rusqlite::Error;
pub(crate) type Pool = r2d2::Pool<Manager>;
/// A transaction that was begun without `commit_on_success`, as a source.
pub(crate) type ByHand<'r, 't> = &'r rusqlite::Transaction<'t>;
pub(crate) type Pooled = r2d2::PooledConnection<Manager>;

/// A database of its own, with the tables `item` and `child`.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    directory: Arc<TempDir>,
}

/// Always there; other drivers need a server.
pub(crate) fn open() -> Database {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let database = Database { directory };
    let tables = "
        CREATE TABLE item (id INTEGER PRIMARY KEY);
        CREATE TABLE child (item INTEGER REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED);
    ";
    database.connect().execute_batch(tables).unwrap();
    database
}

impl Database {
    fn file(&self) -> PathBuf {
        self.directory.path().join("database")
    }

    pub(crate) fn connect(&self) -> Connection {
        Manager(self.clone()).connect().unwrap()
    }

    /// A pool that does not wait for ever when it has nothing left to give.
    pub(crate) fn pool(&self, size: u32) -> Pool {
        let manager = Manager(self.clone());
        r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .connection_timeout(Duration::from_secs(20))
            .build(manager)
            .unwrap()
    }

    /// The rows that somebody else sees.
    pub(crate) fn committed(&self) -> Vec<i64> {
        rows(&self.connect()).unwrap()
    }
}

/// What `r2d2_sqlite` has, which is for one version of rusqlite.
#[derive(Debug)]
pub(crate) struct Manager(Database);

impl ManageConnection for Manager {
    type Connection = Connection;
    type Error = DriverError;

    fn connect(&self) -> Result<Connection, DriverError> {
        let mut conn = Connection::open(self.0.file())?;
        prepare(&mut conn)?;
        Ok(conn)
    }

    fn is_valid(&self, conn: &mut Connection) -> Result<(), DriverError> {
        conn.execute_batch("")
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        false
    }
}

fn prepare(conn: &mut Connection) -> Result<(), DriverError> {
    conn.busy_timeout(Duration::from_secs(20))?;
    conn.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF;")
}

/// The pool as the source of a transaction: a connection by value.
pub(crate) fn source(pool: &Pool) -> Pooled {
    take(pool)
}

pub(crate) fn take(pool: &Pool) -> Pooled {
    pool.get().unwrap()
}

pub(crate) fn insert(conn: &Connection, id: i64) -> Result<(), DriverError> {
    conn.execute("INSERT INTO item (id) VALUES (?1)", [id])?;
    Ok(())
}

pub(crate) fn rows(conn: &Connection) -> Result<Vec<i64>, DriverError> {
    let mut statement = conn.prepare("SELECT id FROM item ORDER BY id")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// Sends a statement as it is.
pub(crate) fn execute(conn: &Connection, statement: &'static str) -> Result<(), DriverError> {
    conn.execute_batch(statement)
}

/// Begins a transaction without `commit_on_success`.
pub(crate) fn begin_by_hand(conn: &mut Connection) -> rusqlite::Transaction<'_> {
    conn.transaction().unwrap()
}

pub(crate) fn commit_by_hand(transaction: rusqlite::Transaction<'_>) {
    transaction.commit().unwrap();
}

/// Nobody else to let run.
pub(crate) fn pause() {}

/// A transaction that was begun by hand, lent as a source.
macro_rules! lend {
    ($transaction:ident) => {
        &$transaction
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
