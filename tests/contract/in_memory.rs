//! What the contract suite needs of a driver, for the store in memory of an example, with pools of
//! r2d2.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use commit_on_success::{Begin, BoxError};

use crate::in_memory_store::adapter::{InMemory, StoreTransaction};
use crate::in_memory_store::store::{Connection as StoreConnection, Store, StoreError};

pub(crate) use core::prelude::v1::test;

pub(crate) type Connection = StoreConnection;
pub(crate) type DriverError = StoreError;
pub(crate) type Pool = r2d2::Pool<Manager>;
pub(crate) type Pooled = r2d2::PooledConnection<Manager>;
/// A transaction that was begun without `commit_on_success`, as a source.
pub(crate) type ByHand<'r, 't> = &'r mut Connection;

/// A store of its own.
#[derive(Clone)]
pub(crate) struct Database {
    store: Store,
}

/// Always there; other drivers need a server.
pub(crate) fn open() -> Database {
    let store = Store::default();
    Database { store }
}

impl Database {
    pub(crate) fn connect(&self) -> Connection {
        self.store.connect()
    }

    /// A pool that does not wait for ever when it has nothing left to give.
    pub(crate) fn pool(&self, size: u32) -> Pool {
        let manager = Manager(self.store.clone());
        r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .connection_timeout(Duration::from_secs(20))
            .build(manager)
            .unwrap()
    }

    /// What somebody else sees.
    pub(crate) fn committed(&self) -> Vec<i64> {
        rows(&self.connect()).unwrap()
    }
}

pub(crate) struct Manager(Store);

impl r2d2::ManageConnection for Manager {
    type Connection = Connection;
    type Error = StoreError;

    fn connect(&self) -> Result<Connection, StoreError> {
        Ok(self.0.connect())
    }

    fn is_valid(&self, _: &mut Connection) -> Result<(), StoreError> {
        Ok(())
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        false
    }
}

impl Begin<InMemory> for Pooled {
    type Transaction = StoreTransaction<Self>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(StoreTransaction(self))
    }
}

impl<'c> Begin<InMemory> for &'c mut Pooled {
    type Transaction = StoreTransaction<&'c mut Connection>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(StoreTransaction(self))
    }
}

/// Rolls back unless it was committed.
pub(crate) struct Begun<'t>(&'t mut Connection);

impl Deref for Begun<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

impl DerefMut for Begun<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.0
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let _ = self.0.rollback();
    }
}

/// The pool as the source of a transaction: a connection by value.
pub(crate) fn source(pool: &Pool) -> Pooled {
    take(pool)
}

pub(crate) fn take(pool: &Pool) -> Pooled {
    pool.get().unwrap()
}

pub(crate) fn insert(conn: &mut Connection, id: i64) -> Result<(), DriverError> {
    conn.insert(&id.to_string(), "")
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "other drivers have to ask a database"
)]
pub(crate) fn rows(conn: &Connection) -> Result<Vec<i64>, DriverError> {
    let mut rows: Vec<_> = conn.rows().keys().map(|id| id.parse().unwrap()).collect();
    rows.sort_unstable();
    Ok(rows)
}

/// Does what a statement says.
pub(crate) fn execute(conn: &mut Connection, statement: &'static str) -> Result<(), DriverError> {
    match statement {
        "BEGIN" => conn.begin(),
        "COMMIT" => conn.commit(),
        "ROLLBACK" => conn.rollback(),
        "DELETE FROM item WHERE id > 0" => rows(conn)?
            .into_iter()
            .filter(|id| *id > 0)
            .try_for_each(|id| conn.remove(&id.to_string())),
        other => unreachable!("{other}"),
    }
}

/// Begins a transaction without `commit_on_success`.
pub(crate) fn begin_by_hand(conn: &mut Connection) -> Begun<'_> {
    conn.begin().unwrap();
    Begun(conn)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a commit consumes a transaction"
)]
pub(crate) fn commit_by_hand(transaction: Begun<'_>) {
    transaction.0.commit().unwrap();
}

/// Nobody else to let run.
pub(crate) fn pause() {}

/// A transaction that was begun by hand, lent as a source.
macro_rules! lend {
    ($transaction:ident) => {
        &mut *$transaction
    };
}
pub(crate) use lend;

/// What a panic of the call carries.
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
