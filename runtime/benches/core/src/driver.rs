//! A driver that does nothing, so that what is counted is what is around it.

use std::future::{Future, ready};

use commit_on_success::{
    Abandoned, AsyncBegin, AsyncTransaction, Begin, BoxError, CommitError, ConnectionId, Options,
    RollbackError, Savepoint, Session, Transaction, TransactionStatus,
};

/// A connection to nothing. It knows how many blocks are open; its steps are calls, as those of any driver are.
#[derive(Debug, Default)]
pub struct Nothing {
    depth: usize,
}

impl Nothing {
    /// Begins a transaction, or creates a savepoint.
    ///
    /// # Errors
    ///
    /// Never, which the caller cannot know.
    #[inline(never)]
    pub fn open(&mut self) -> Result<(), BoxError> {
        self.depth += 1;
        Ok(())
    }

    /// Commits a transaction, or releases a savepoint.
    ///
    /// # Errors
    ///
    /// Never, which the caller cannot know.
    #[inline(never)]
    pub fn keep(&mut self) -> Result<(), CommitError> {
        self.depth -= 1;
        Ok(())
    }

    /// Rolls back a transaction, or to a savepoint.
    ///
    /// # Errors
    ///
    /// Never, which the caller cannot know.
    #[inline(never)]
    pub fn undo(&mut self) -> Result<(), RollbackError> {
        self.depth -= 1;
        Ok(())
    }
}

/// The error type of every function here.
#[derive(Debug)]
pub enum Failure {
    /// The body failed because the work was to roll back.
    Asked,
    /// The transaction itself has failed.
    Transaction(BoxError),
}

impl From<commit_on_success::Error> for Failure {
    #[cold]
    fn from(error: commit_on_success::Error) -> Self {
        Self::Transaction(error.into())
    }
}

impl From<BoxError> for Failure {
    #[cold]
    fn from(error: BoxError) -> Self {
        Self::Transaction(error)
    }
}

impl From<CommitError> for Failure {
    #[cold]
    fn from(error: CommitError) -> Self {
        Self::Transaction(format!("{error:?}").into())
    }
}

/// Names this driver.
#[derive(Debug)]
pub enum Driver {}

/// A connection in the hands of a block.
#[derive(Debug)]
pub struct Work<'c>(&'c mut Nothing);

impl Session for Work<'_> {
    type Handle<'t>
        = &'t mut Nothing
    where
        Self: 't;

    fn handle(&mut self) -> &mut Nothing {
        self.0
    }

    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::of(&*self.0)
    }

    fn status(&mut self) -> TransactionStatus {
        if self.0.depth > 0 {
            TransactionStatus::Open
        } else {
            TransactionStatus::Idle
        }
    }
}

impl<'c> Begin<Driver> for &'c mut Nothing {
    type Transaction = Work<'c>;

    fn acquire_session(self) -> Result<Work<'c>, BoxError> {
        Ok(Work(self))
    }
}

impl<'c> AsyncBegin<Driver> for &'c mut Nothing {
    type Transaction = Work<'c>;

    fn acquire_session(self) -> impl Future<Output = Result<Work<'c>, BoxError>> + Send {
        ready(Ok(Work(self)))
    }
}

impl Transaction for Work<'_> {
    fn begin(&mut self, _: &Options) -> Result<(), BoxError> {
        self.0.open()
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        self.0.keep()
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        self.0.undo()
    }

    fn savepoint(&mut self, _: &Savepoint) -> Result<(), BoxError> {
        self.0.open()
    }

    fn release(&mut self, _: &Savepoint) -> Result<(), CommitError> {
        self.0.keep()
    }

    fn rollback_to(&mut self, _: &Savepoint) -> Result<(), RollbackError> {
        self.0.undo()
    }
}

impl AsyncTransaction for Work<'_> {
    fn begin(&mut self, _: &Options) -> impl Future<Output = Result<(), BoxError>> + Send {
        ready(self.0.open())
    }

    fn commit(&mut self) -> impl Future<Output = Result<(), CommitError>> + Send {
        ready(self.0.keep())
    }

    fn rollback(&mut self) -> impl Future<Output = Result<(), RollbackError>> + Send {
        ready(self.0.undo())
    }

    fn savepoint(&mut self, _: &Savepoint) -> impl Future<Output = Result<(), BoxError>> + Send {
        ready(self.0.open())
    }

    fn release(&mut self, _: &Savepoint) -> impl Future<Output = Result<(), CommitError>> + Send {
        ready(self.0.keep())
    }

    fn rollback_to(
        &mut self,
        _: &Savepoint,
    ) -> impl Future<Output = Result<(), RollbackError>> + Send {
        ready(self.0.undo())
    }

    fn abandon(&mut self, _: Abandoned) {
        self.0.depth -= 1;
    }
}
