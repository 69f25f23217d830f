//! A driver without a database, sync and async, for cases that are about the macros: it writes down the
//! statements it is given.

mod adapter;

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use commit_on_success::Error;

pub use adapter::{Fake, FakeAsyncTransaction, FakeTransaction};

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
