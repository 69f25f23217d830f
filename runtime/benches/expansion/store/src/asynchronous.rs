//! The same for async functions.

use commit_on_success::{
    Abandoned, AsyncBegin, AsyncTransaction, BoxError, CommitError, ConnectionId, Options,
    RollbackError, Savepoint, Session, TransactionStatus,
};

use crate::{AppError, Store, expect_open, status};

/// An async connection.
#[derive(Debug, Default)]
pub struct AsyncConnection {
    open: bool,
}

impl AsyncConnection {
    /// Runs a statement.
    ///
    /// # Errors
    ///
    /// [`AppError::Statement`].
    pub async fn execute(
        &mut self,
        statement: &'static str,
        _text: &str,
        _id: i64,
    ) -> Result<usize, AppError> {
        std::future::ready(expect_open(self.open, statement)).await
    }

    /// Reads a column of text.
    ///
    /// # Errors
    ///
    /// [`AppError::Statement`].
    pub async fn title(&mut self, _id: i64) -> Result<String, AppError> {
        let found = expect_open(self.open, "SELECT title");
        std::future::ready(found).await.map(|_| String::new())
    }

    /// Reads a column of numbers.
    ///
    /// # Errors
    ///
    /// [`AppError::Statement`].
    pub async fn children(&mut self, id: i64) -> Result<Vec<i64>, AppError> {
        let found = expect_open(self.open, "SELECT id");
        std::future::ready(found).await.map(|_| vec![id])
    }
}

/// A transaction on an async connection.
#[derive(Debug)]
pub struct AsyncStoreTransaction<'c>(&'c mut AsyncConnection);

impl<'c> AsyncBegin<Store> for &'c mut AsyncConnection {
    type Transaction = AsyncStoreTransaction<'c>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(AsyncStoreTransaction(self))
    }
}

impl Session for AsyncStoreTransaction<'_> {
    type Handle<'t>
        = &'t mut AsyncConnection
    where
        Self: 't;

    fn handle(&mut self) -> &mut AsyncConnection {
        self.0
    }

    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::of(self.0)
    }

    fn status(&mut self) -> TransactionStatus {
        status(self.0.open)
    }
}

impl AsyncTransaction for AsyncStoreTransaction<'_> {
    async fn begin(&mut self, _options: &Options) -> Result<(), BoxError> {
        self.0.open = true;
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        self.0.open = false;
        Ok(())
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        self.0.open = false;
        Ok(())
    }

    async fn savepoint(&mut self, _savepoint: &Savepoint) -> Result<(), BoxError> {
        Ok(())
    }

    async fn release(&mut self, _savepoint: &Savepoint) -> Result<(), CommitError> {
        Ok(())
    }

    async fn rollback_to(&mut self, _savepoint: &Savepoint) -> Result<(), RollbackError> {
        Ok(())
    }

    fn abandon(&mut self, _abandoned: Abandoned) {
        self.0.open = false;
    }
}
