//! The driver that the contract suite runs on, as diesel has it, with pools of r2d2. The differences between the
//! databases come from the `dialect` of each test program.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use diesel::connection::{
    AnsiTransactionManager, SimpleConnection as _, TransactionManager, TransactionManagerStatus,
};
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error};

use crate::dialect;

pub(crate) use dialect::test;

pub(crate) use commit_on_success::{Begin as Source, Transaction as Steps};
pub(crate) use dialect::{Connection, HEARS_OF_LEFTOVERS};
/// The trait of connections that generic code takes.
pub(crate) use diesel::Connection as Generic;
/// A mutex, with a guard that a block can own.
pub(crate) use std::sync::Mutex;
pub(crate) type DriverError = Original;
/// The error that the driver itself returns.
pub(crate) type Original = diesel::result::Error;
type Manager = ConnectionManager<Connection>;
pub(crate) type Pool = diesel::r2d2::Pool<Manager>;
pub(crate) type Pooled = diesel::r2d2::PooledConnection<Manager>;
/// A connection from a pool that is only borrowed.
pub(crate) type PooledFor<'p> = Pooled;
/// A transaction that was begun without `commit_on_success`, as a source.
pub(crate) type ByHand<'r, 't> = &'r mut Connection;

/// Whether a deadlock on MySQL can be told from other errors.
#[allow(dead_code, reason = "only one database makes a difference")]
pub(crate) const KNOWS_DEADLOCKS: bool = true;

diesel::table! {
    /// The table that every database has.
    item (id) {
        id -> BigInt,
    }
}

/// A database of its own, with the tables `item` and `child`.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) url: String,
    _kept: Arc<dialect::Kept>,
}

pub(crate) fn open() -> Database {
    let (url, kept) = dialect::create();
    let database = Database {
        url,
        _kept: Arc::new(kept),
    };
    database.connect().batch_execute(dialect::TABLES).unwrap();
    database
}

impl Database {
    pub(crate) fn connect(&self) -> Connection {
        let mut conn = Connection::establish(&self.url).unwrap();
        conn.batch_execute(dialect::PREPARE).unwrap();
        conn
    }

    /// A pool that does not wait for ever when it has nothing left to give.
    pub(crate) fn pool(&self, size: u32) -> Pool {
        Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .connection_timeout(Duration::from_secs(20))
            .connection_customizer(Box::new(Prepare))
            .build(Manager::new(&self.url))
            .unwrap()
    }

    /// A pool that has nothing to give.
    pub(crate) fn empty_pool(&self) -> Pool {
        Pool::builder()
            .max_size(1)
            .min_idle(Some(0))
            .connection_timeout(Duration::from_millis(20))
            .error_handler(Box::new(diesel::r2d2::NopErrorHandler))
            .build_unchecked(Manager::new(format!("{}/nowhere/else", self.url)))
    }

    /// The address of the database.
    #[allow(dead_code, reason = "only one database is asked")]
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// The rows that somebody else sees.
    pub(crate) fn committed(&self) -> Vec<i64> {
        rows(&mut self.connect()).unwrap()
    }
}

#[derive(Debug)]
struct Prepare;

impl CustomizeConnection<Connection, Error> for Prepare {
    fn on_acquire(&self, conn: &mut Connection) -> Result<(), Error> {
        Ok(conn.batch_execute(dialect::PREPARE)?)
    }
}

/// The pool as the source of a transaction.
pub(crate) fn source(pool: &Pool) -> &Pool {
    pool
}

pub(crate) fn take(pool: &Pool) -> Pooled {
    pool.get().unwrap()
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

pub(crate) fn insert(conn: &mut Connection, id: i64) -> Result<(), DriverError> {
    diesel::insert_into(item::table)
        .values(item::id.eq(id))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn rows(conn: &mut Connection) -> Result<Vec<i64>, DriverError> {
    item::table.select(item::id).order(item::id).load(conn)
}

/// Sends a statement as it is.
pub(crate) fn execute(conn: &mut Connection, statement: &str) -> Result<(), DriverError> {
    conn.batch_execute(statement)
}

/// Sends a statement after the server has prepared it.
#[allow(dead_code, reason = "only one database makes a difference")]
pub(crate) fn prepare(conn: &mut Connection, statement: &str) -> Result<(), DriverError> {
    diesel::sql_query(statement).execute(conn)?;
    Ok(())
}

/// In a generic function.
pub(crate) fn send(conn: &mut impl Generic, statement: &str) -> Result<(), DriverError> {
    conn.batch_execute(statement)
}

/// The transactions of a connection, as diesel's manager knows them.
pub(crate) fn status_of(conn: &mut Connection) -> &mut TransactionManagerStatus {
    AnsiTransactionManager::transaction_manager_status_mut(conn)
}

/// The depth that diesel believes to be at.
pub(crate) fn depth(conn: &mut Connection) -> Option<u32> {
    let depth = status_of(conn).transaction_depth().unwrap();
    depth.map(std::num::NonZeroU32::get)
}

/// Begins a transaction inside another one, and lets nobody end it.
pub(crate) fn begin_and_forget(conn: &mut Connection) {
    AnsiTransactionManager::begin_transaction(conn).unwrap();
}

/// A transaction that diesel has begun. diesel has no guard for one: it takes a closure.
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
        if depth(self.0).is_some() {
            AnsiTransactionManager::rollback_transaction(self.0).unwrap();
        }
    }
}

/// Begins a transaction without `commit_on_success`.
pub(crate) fn begin_by_hand(conn: &mut Connection) -> Begun<'_> {
    AnsiTransactionManager::begin_transaction(conn).unwrap();
    Begun(conn)
}

pub(crate) fn commit_by_hand(mut transaction: Begun<'_>) {
    AnsiTransactionManager::commit_transaction(&mut *transaction).unwrap();
    drop(transaction);
}

/// A sync test has nobody else to let run.
pub(crate) fn pause() {}

/// A transaction that was begun by hand, lent as a source.
macro_rules! lend {
    ($transaction:ident) => {
        &mut *$transaction
    };
}
pub(crate) use lend;

/// The payload of a panic of the call.
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
