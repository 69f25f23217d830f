//! A driver without a database: the functions that are measured are compiled and never run.

mod asynchronous;

pub use asynchronous::AsyncConnection;
use commit_on_success::{
    Begin, BoxError, CommitError, ConnectionId, Options, RollbackError, Savepoint, Session,
    Transaction, TransactionStatus,
};

/// The error of an application.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A statement failed.
    #[error("cannot run {0}")]
    Statement(&'static str),
    /// An object would have no title.
    #[error("object {0} needs a title")]
    Untitled(i64),
    /// The transaction failed.
    #[error(transparent)]
    Transaction(#[from] commit_on_success::Error),
}

/// A sync connection.
#[derive(Debug, Default)]
pub struct Connection {
    open: bool,
}

impl Connection {
    /// Runs a statement.
    ///
    /// # Errors
    ///
    /// [`AppError::Statement`].
    pub fn execute(
        &mut self,
        statement: &'static str,
        _text: &str,
        _id: i64,
    ) -> Result<usize, AppError> {
        expect_open(self.open, statement)
    }

    /// Reads a column of text.
    ///
    /// # Errors
    ///
    /// [`AppError::Statement`].
    pub fn title(&mut self, _id: i64) -> Result<String, AppError> {
        expect_open(self.open, "SELECT title").map(|_| String::new())
    }

    /// Reads a column of numbers.
    ///
    /// # Errors
    ///
    /// [`AppError::Statement`].
    pub fn children(&mut self, id: i64) -> Result<Vec<i64>, AppError> {
        expect_open(self.open, "SELECT id").map(|_| vec![id])
    }
}

fn expect_open(open: bool, statement: &'static str) -> Result<usize, AppError> {
    if open {
        Ok(1)
    } else {
        Err(AppError::Statement(statement))
    }
}

/// Marks the sources of this driver.
#[derive(Debug)]
pub enum Store {}

/// A transaction on a connection.
#[derive(Debug)]
pub struct StoreTransaction<'c>(&'c mut Connection);

impl<'c> Begin<Store> for &'c mut Connection {
    type Transaction = StoreTransaction<'c>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(StoreTransaction(self))
    }
}

impl Session for StoreTransaction<'_> {
    type Handle<'t>
        = &'t mut Connection
    where
        Self: 't;

    fn handle(&mut self) -> &mut Connection {
        self.0
    }

    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::of(self.0)
    }

    fn status(&mut self) -> TransactionStatus {
        status(self.0.open)
    }
}

fn status(open: bool) -> TransactionStatus {
    if open {
        TransactionStatus::Open
    } else {
        TransactionStatus::Idle
    }
}

impl Transaction for StoreTransaction<'_> {
    fn begin(&mut self, _options: &Options) -> Result<(), BoxError> {
        self.0.open = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        self.0.open = false;
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        self.0.open = false;
        Ok(())
    }

    fn savepoint(&mut self, _savepoint: &Savepoint) -> Result<(), BoxError> {
        Ok(())
    }

    fn release(&mut self, _savepoint: &Savepoint) -> Result<(), CommitError> {
        Ok(())
    }

    fn rollback_to(&mut self, _savepoint: &Savepoint) -> Result<(), RollbackError> {
        Ok(())
    }
}
