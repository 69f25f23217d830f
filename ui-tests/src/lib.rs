//! A driver without a database, sync and async, for cases that are about the macros: it writes down the
//! statements it is given.

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use commit_on_success::{
    Abandoned, AsyncBegin, AsyncTransaction, Begin, BoxError, CommitError, ConnectionId, Error,
    Options, RollbackError, Savepoint, Session, Transaction, TransactionStatus,
};

/// The statements that were sent on a connection, or on all connections of a pool.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// The statements so far, `; ` between them.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines().join("; ")
    }

    fn write(&self, statement: &str) {
        self.lines().push(statement.to_owned());
    }

    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error of the driver.
#[derive(Debug)]
pub enum DbError {
    /// A statement failed.
    Statement(String),
    /// The transaction failed.
    Transaction(Error),
}

impl fmt::Display for DbError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Statement(statement) => write!(formatter, "cannot run {statement}"),
            Self::Transaction(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for DbError {}

impl From<Error> for DbError {
    fn from(error: Error) -> Self {
        Self::Transaction(error)
    }
}

/// A sync connection.
#[derive(Debug, Default)]
pub struct Connection {
    log: Log,
    open: bool,
}

impl Connection {
    /// The statements that were sent on it.
    #[must_use]
    pub fn log(&self) -> Log {
        self.log.clone()
    }

    /// Runs a statement; `FAIL` fails.
    ///
    /// # Errors
    ///
    /// [`DbError::Statement`].
    pub fn execute(&mut self, statement: &str) -> Result<usize, DbError> {
        run(&self.log, statement)
    }
}

/// A pool of sync connections.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    log: Log,
}

impl Pool {
    /// The statements that were sent on all its connections.
    #[must_use]
    pub fn log(&self) -> Log {
        self.log.clone()
    }

    /// A connection.
    ///
    /// # Errors
    ///
    /// None, but a real pool has some.
    pub fn get(&self) -> Result<Pooled, DbError> {
        Ok(Pooled(Connection {
            log: self.log(),
            open: false,
        }))
    }
}

/// A connection that goes back to its pool when it is dropped.
#[derive(Debug)]
pub struct Pooled(Connection);

impl Deref for Pooled {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

/// An async connection.
#[derive(Debug, Default)]
pub struct AsyncConnection(Connection);

impl AsyncConnection {
    /// The statements that were sent on it.
    #[must_use]
    pub fn log(&self) -> Log {
        self.0.log()
    }

    /// Runs a statement; `FAIL` fails.
    ///
    /// # Errors
    ///
    /// [`DbError::Statement`].
    pub async fn execute(&mut self, statement: &str) -> Result<usize, DbError> {
        std::future::ready(run(&self.0.log, statement)).await
    }
}

/// A pool of async connections.
#[derive(Clone, Debug, Default)]
pub struct AsyncPool {
    log: Log,
}

impl AsyncPool {
    /// The statements that were sent on all its connections.
    #[must_use]
    pub fn log(&self) -> Log {
        self.log.clone()
    }
}

fn run(log: &Log, statement: &str) -> Result<usize, DbError> {
    log.write(statement);
    if statement == "FAIL" {
        return Err(DbError::Statement(statement.to_owned()));
    }
    Ok(1)
}

/// Marks the sources of this driver.
#[derive(Debug)]
pub enum Fake {}

/// A transaction on a connection that is borrowed or came from a pool.
#[derive(Debug)]
pub struct FakeTransaction<C>(C);

impl<'c> Begin<Fake> for &'c mut Connection {
    type Transaction = FakeTransaction<&'c mut Connection>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(FakeTransaction(self))
    }
}

impl<'c> Begin<Fake> for &'c mut Pooled {
    type Transaction = FakeTransaction<&'c mut Connection>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(FakeTransaction(&mut self.0))
    }
}

impl Begin<Fake> for Pooled {
    type Transaction = FakeTransaction<Self>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(FakeTransaction(self))
    }
}

impl<C: DerefMut<Target = Connection>> Session for FakeTransaction<C> {
    type Handle<'t>
        = &'t mut Connection
    where
        Self: 't;

    fn handle(&mut self) -> &mut Connection {
        &mut self.0
    }

    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::of::<Connection>(&self.0)
    }

    fn status(&mut self) -> TransactionStatus {
        if self.0.open {
            TransactionStatus::Open
        } else {
            TransactionStatus::Idle
        }
    }
}

impl<C: DerefMut<Target = Connection>> FakeTransaction<C> {
    fn write(&mut self, statement: &str, open: bool) {
        self.0.log.write(statement);
        self.0.open = open;
    }
}

impl<C: DerefMut<Target = Connection>> Transaction for FakeTransaction<C> {
    fn begin(&mut self, _options: &Options) -> Result<(), BoxError> {
        self.write("BEGIN", true);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        self.write("COMMIT", false);
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        self.write("ROLLBACK", false);
        Ok(())
    }

    fn savepoint(&mut self, _savepoint: &Savepoint) -> Result<(), BoxError> {
        self.write("SAVEPOINT", true);
        Ok(())
    }

    fn release(&mut self, _savepoint: &Savepoint) -> Result<(), CommitError> {
        self.write("RELEASE", true);
        Ok(())
    }

    fn rollback_to(&mut self, _savepoint: &Savepoint) -> Result<(), RollbackError> {
        self.write("ROLLBACK TO", true);
        Ok(())
    }
}

/// A transaction on an async connection that is borrowed or came from a pool.
#[derive(Debug)]
pub struct FakeAsyncTransaction<C>(C);

impl<'c> AsyncBegin<Fake> for &'c mut AsyncConnection {
    type Transaction = FakeAsyncTransaction<&'c mut AsyncConnection>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(FakeAsyncTransaction(self))
    }
}

impl AsyncBegin<Fake> for &AsyncPool {
    type Transaction = FakeAsyncTransaction<Box<AsyncConnection>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(FakeAsyncTransaction(Box::new(AsyncConnection(
            Connection {
                log: self.log(),
                open: false,
            },
        ))))
    }
}

impl<C: DerefMut<Target = AsyncConnection>> Session for FakeAsyncTransaction<C> {
    type Handle<'t>
        = &'t mut AsyncConnection
    where
        Self: 't;

    fn handle(&mut self) -> &mut AsyncConnection {
        &mut self.0
    }

    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::of::<AsyncConnection>(&self.0)
    }

    fn status(&mut self) -> TransactionStatus {
        if self.0.0.open {
            TransactionStatus::Open
        } else {
            TransactionStatus::Idle
        }
    }
}

impl<C: DerefMut<Target = AsyncConnection>> FakeAsyncTransaction<C> {
    fn write(&mut self, statement: &str, open: bool) {
        self.0.0.log.write(statement);
        self.0.0.open = open;
    }
}

impl<C: DerefMut<Target = AsyncConnection> + Send> AsyncTransaction for FakeAsyncTransaction<C> {
    async fn begin(&mut self, _options: &Options) -> Result<(), BoxError> {
        self.write("BEGIN", true);
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        self.write("COMMIT", false);
        Ok(())
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        self.write("ROLLBACK", false);
        Ok(())
    }

    async fn savepoint(&mut self, _savepoint: &Savepoint) -> Result<(), BoxError> {
        self.write("SAVEPOINT", true);
        Ok(())
    }

    async fn release(&mut self, _savepoint: &Savepoint) -> Result<(), CommitError> {
        self.write("RELEASE", true);
        Ok(())
    }

    async fn rollback_to(&mut self, _savepoint: &Savepoint) -> Result<(), RollbackError> {
        self.write("ROLLBACK TO", true);
        Ok(())
    }

    fn abandon(&mut self, _abandoned: Abandoned) {
        self.write("ROLLBACK", false);
    }
}

/// Runs a future to its end; those of this driver never wait.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
