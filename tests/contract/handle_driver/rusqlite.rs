//! The driver of the contract suite for handles of rusqlite's connections.

use std::ops::Deref;

use commit_on_success::rusqlite::Db;

use crate::driver;

pub(crate) use crate::driver::{DriverError, Original, boxed, caught, pause, test};

/// A handle of a pool of one.
pub(crate) type Connection = Db<driver::Pooled>;
pub(crate) type Pool = Connection;
/// Nobody takes a connection out by a handle; what is lent is the handle.
pub(crate) type Pooled = Connection;

/// The database of the driver's own suite, to which handles lead.
#[derive(Clone, Debug)]
pub(crate) struct Database(driver::Database);

pub(crate) fn open() -> Database {
    Database(driver::open())
}

impl Database {
    pub(crate) fn connect(&self) -> Connection {
        self.pool(1)
    }

    pub(crate) fn pool(&self, size: u32) -> Pool {
        let pool = self.0.pool(size);
        Db::new(move || pool.get())
    }
}

impl Deref for Database {
    type Target = driver::Database;

    fn deref(&self) -> &driver::Database {
        &self.0
    }
}

/// The handle as the source of a transaction.
pub(crate) fn source(pool: &Pool) -> &Pool {
    pool
}

pub(crate) fn take(pool: &Pool) -> Pooled {
    pool.clone()
}

/// The words for what the suite is run on, by the name of the program.
pub(crate) fn subject() -> String {
    format!("{} by a handle", crate::support::subject())
}

/// What statements are sent by: the handle, or what a block calls the connection that it has of it.
pub(crate) trait Target {
    fn with<R>(
        &self,
        f: impl FnOnce(&rusqlite::Connection) -> Result<R, DriverError>,
    ) -> Result<R, DriverError>;
}

impl Target for Connection {
    fn with<R>(
        &self,
        f: impl FnOnce(&rusqlite::Connection) -> Result<R, DriverError>,
    ) -> Result<R, DriverError> {
        Self::with(self, f)
    }
}

impl Target for rusqlite::Connection {
    fn with<R>(
        &self,
        f: impl FnOnce(&rusqlite::Connection) -> Result<R, DriverError>,
    ) -> Result<R, DriverError> {
        f(self)
    }
}

pub(crate) fn insert(conn: &impl Target, id: i64) -> Result<(), DriverError> {
    conn.with(|conn| driver::insert(conn, id))
}

pub(crate) fn rows(conn: &impl Target) -> Result<Vec<i64>, DriverError> {
    conn.with(driver::rows)
}

/// Sends a statement as it is.
pub(crate) fn execute(conn: &impl Target, statement: &'static str) -> Result<(), DriverError> {
    conn.with(|conn| driver::execute(conn, statement))
}

/// Holds a connection of the pool, in no block.
pub(crate) fn hold(pool: &Pool) -> driver::Pooled {
    pool.outside().unwrap()
}
