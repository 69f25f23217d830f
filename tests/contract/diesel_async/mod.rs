//! The driver that the contract suite runs on, as diesel-async has it. The differences between the databases come from
//! the `dialect` of each test program, those between the pools from its `pools`.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use diesel::connection::TransactionManagerStatus;
use diesel::prelude::*;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig};
use diesel_async::{
    AsyncConnection, RunQueryDsl, SimpleAsyncConnection as _, TransactionManager as _,
};
use futures_util::FutureExt as _;
use tokio::sync::MutexGuard;

use crate::{dialect, pools};

pub(crate) use dialect::test;

pub(crate) use commit_on_success::{AsyncBegin as Source, AsyncTransaction as Steps};
pub(crate) use dialect::{Connection, HEARS_OF_LEFTOVERS};
/// The trait of connections that generic code takes.
pub(crate) use diesel_async::AsyncConnection as Generic;
pub(crate) use pools::{Pool, Pooled, PooledFor, take};
/// A mutex, with a guard that a block can own.
pub(crate) use tokio::sync::Mutex;
pub(crate) type DriverError = Original;
/// The error that the driver itself returns.
pub(crate) type Original = diesel::result::Error;
pub(crate) type Manager = AsyncDieselConnectionManager<Connection>;
type DieselManager = <Connection as AsyncConnection>::TransactionManager;
/// A transaction that was begun without `commit_on_success`, as a source.
pub(crate) type ByHand<'r, 't> = &'r mut Connection;

/// Whether a deadlock on MySQL can be told from other errors.
#[allow(dead_code, reason = "only one database makes a difference")]
pub(crate) const KNOWS_DEADLOCKS: bool = false;

diesel::table! {
    item (id) {
        id -> BigInt,
    }
}

/// A database of its own, with the tables `item` and `child`.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) address: dialect::Address,
    _kept: Arc<dialect::Kept>,
}

pub(crate) async fn open() -> Database {
    let (address, kept) = dialect::create().await;
    let database = Database {
        address,
        _kept: Arc::new(kept),
    };
    let mut conn = database.connect().await;
    conn.batch_execute(dialect::TABLES).await.unwrap();
    database
}

impl Database {
    pub(crate) async fn connect(&self) -> Connection {
        let connected = establish(&dialect::url(&self.address)).await;
        connected.unwrap()
    }

    /// A pool that does not wait for ever when it has nothing left to give.
    pub(crate) async fn pool(&self, size: u32) -> Pool {
        let mut config = ManagerConfig::default();
        config.custom_setup = Box::new(|url| establish(url).boxed());
        let manager = Manager::new_with_config(dialect::url(&self.address), config);
        pools::pool(manager, size).await
    }

    /// A pool that has nothing to give.
    pub(crate) async fn empty_pool(&self) -> Pool {
        let url = dialect::url(&self.address);
        pools::empty_pool(Manager::new(format!("{url}/nowhere/else"))).await
    }

    /// The address of the database.
    #[allow(dead_code, reason = "only one database is asked")]
    pub(crate) fn url(&self) -> String {
        dialect::url(&self.address)
    }

    /// The rows that somebody else sees.
    pub(crate) async fn committed(&self) -> Vec<i64> {
        rows(&mut self.connect().await).await.unwrap()
    }
}

async fn establish(url: &str) -> ConnectionResult<Connection> {
    let mut conn = Connection::establish(url).await?;
    let prepared = conn.batch_execute(dialect::PREPARE).await;
    prepared.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

/// The pool as the source of a transaction.
pub(crate) fn source(pool: &Pool) -> &Pool {
    pool
}

pub(crate) async fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().await
}

pub(crate) async fn insert(conn: &mut Connection, id: i64) -> Result<(), DriverError> {
    diesel::insert_into(item::table)
        .values(item::id.eq(id))
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn rows(conn: &mut Connection) -> Result<Vec<i64>, DriverError> {
    let rows = item::table.select(item::id).order(item::id);
    rows.load(conn).await
}

/// Sends a statement as it is.
pub(crate) async fn execute(conn: &mut Connection, statement: &str) -> Result<(), DriverError> {
    conn.batch_execute(statement).await
}

/// Sends a statement after the server has prepared it.
#[allow(dead_code, reason = "only one database makes a difference")]
pub(crate) async fn prepare(conn: &mut Connection, statement: &str) -> Result<(), DriverError> {
    diesel::sql_query(statement).execute(conn).await?;
    Ok(())
}

/// In a generic function.
pub(crate) async fn send(conn: &mut impl Generic, statement: &str) -> Result<(), DriverError> {
    conn.batch_execute(statement).await
}

/// The transactions of a connection, as diesel's manager knows them.
pub(crate) fn status_of(conn: &mut Connection) -> &mut TransactionManagerStatus {
    DieselManager::transaction_manager_status_mut(conn)
}

/// The depth that diesel believes to be at.
pub(crate) fn depth(conn: &mut Connection) -> Option<u32> {
    let depth = status_of(conn).transaction_depth().unwrap();
    depth.map(std::num::NonZeroU32::get)
}

/// Begins a transaction inside another one, and lets nobody end it.
pub(crate) async fn begin_and_forget(conn: &mut Connection) {
    DieselManager::begin_transaction(conn).await.unwrap();
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

/// Begins a transaction without `commit_on_success`.
pub(crate) async fn begin_by_hand(conn: &mut Connection) -> Begun<'_> {
    DieselManager::begin_transaction(conn).await.unwrap();
    Begun(conn)
}

pub(crate) async fn commit_by_hand(transaction: Begun<'_>) {
    let committed = DieselManager::commit_transaction(transaction.0).await;
    committed.unwrap();
}

/// In the place of a guard that is dropped.
pub(crate) async fn roll_back_by_hand(transaction: Begun<'_>) {
    let rolled_back = DieselManager::rollback_transaction(transaction.0).await;
    rolled_back.unwrap();
}

/// The connection that its owner goes on with when a future was dropped on it.
pub(crate) async fn after_cancellation(mut conn: Connection, db: &Database) -> Connection {
    if dialect::OUTLIVES_CANCELLATION {
        return conn;
    }
    assert!(status_of(&mut conn).transaction_depth().is_err());
    drop(conn);
    db.connect().await
}

/// Lets others run.
pub(crate) async fn pause() {
    tokio::task::yield_now().await;
}

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
