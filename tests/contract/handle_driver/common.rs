//! What the handles of all async drivers have in common.

use std::ops::Deref;

use commit_on_success::Handle;

use crate::driver;

/// A handle of a pool of one.
pub(crate) type Connection = Handle<driver::Pool>;
pub(crate) type Pool = Connection;
/// Nobody takes a connection out by a handle; what is lent is the handle.
pub(crate) type Pooled = Connection;

/// The same as on a pool.
#[allow(dead_code, reason = "not every database has sessions that can end")]
pub(crate) const ASKS_BEFORE_COMMIT: bool = driver::ASKS_ON_POOLS;
#[allow(dead_code, reason = "not every database has sessions that can end")]
pub(crate) const ASKS_ON_POOLS: bool = driver::ASKS_ON_POOLS;
/// A connection that is lost is replaced by another one.
#[allow(dead_code, reason = "not every database has sessions that can end")]
pub(crate) const LENDS_POOLS: bool = true;

/// The database of the driver's own suite, to which handles lead.
#[derive(Clone)]
pub(crate) struct Database(pub(crate) driver::Database);

pub(crate) async fn open() -> Database {
    Database(driver::open().await)
}

impl Database {
    pub(crate) async fn connect(&self) -> Connection {
        self.pool(1).await
    }

    pub(crate) async fn pool(&self, size: u32) -> Pool {
        Handle::new(self.0.pool(size).await)
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

#[expect(clippy::unused_async, reason = "other drivers wait for a connection")]
pub(crate) async fn take(pool: &Pool) -> Pooled {
    pool.clone()
}

/// The words for what the suite is run on, by the name of the program.
pub(crate) fn subject() -> String {
    format!("{} by a handle", crate::support::subject())
}
