//! The steps of a transaction, for code that is the same whether they have to be awaited.

use std::future::{Future, ready};

use crate::attempts::Attempts;
use crate::error::BoxError;
use crate::options::Options;
use crate::test_transaction;
use crate::transaction::{
    Abandoned, AsyncTransaction, CommitError, RollbackError, Savepoint, Session, Transaction,
    TransactionStatus,
};

/// The steps of a driver. Those of a sync one are ready when they return.
pub(super) trait Steps {
    type Session: Session;

    fn session(&self) -> &Self::Session;

    fn session_mut(&mut self) -> &mut Self::Session;

    fn begin(&mut self, options: &Options) -> impl Future<Output = Result<(), BoxError>> + Send;

    fn rollback(&mut self) -> impl Future<Output = Result<(), RollbackError>> + Send;

    fn release(
        &mut self,
        savepoint: &Savepoint,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;

    fn rollback_to(
        &mut self,
        savepoint: &Savepoint,
    ) -> impl Future<Output = Result<(), RollbackError>> + Send;

    fn check(&mut self) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Creates the savepoint of a block in a test's transaction.
    fn savepoint_in_test(
        &mut self,
        savepoint: Savepoint,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Leaves nothing open behind a begin that has failed, perhaps half-way.
    fn undo_begin(&mut self) -> impl Future<Output = ()> + Send;

    /// Waits for another attempt.
    fn pause(&mut self, attempts: &Attempts) -> impl Future<Output = ()> + Send;

    /// Sees to it, without waiting, that nobody else gets what may be open.
    fn abandon(&mut self, abandoned: Abandoned);

    /// Whether that has undone what the block did.
    fn has_undone(&self) -> bool;
}

/// The steps of a sync driver.
pub(super) struct Blocking<T>(pub(super) T);

impl<T: Transaction> Steps for Blocking<T> {
    type Session = T;

    fn session(&self) -> &T {
        &self.0
    }

    fn session_mut(&mut self) -> &mut T {
        &mut self.0
    }

    fn begin(&mut self, options: &Options) -> impl Future<Output = Result<(), BoxError>> + Send {
        ready(self.0.begin(options))
    }

    fn rollback(&mut self) -> impl Future<Output = Result<(), RollbackError>> + Send {
        ready(self.0.rollback())
    }

    fn release(
        &mut self,
        savepoint: &Savepoint,
    ) -> impl Future<Output = Result<(), CommitError>> + Send {
        ready(self.0.release(savepoint))
    }

    fn rollback_to(
        &mut self,
        savepoint: &Savepoint,
    ) -> impl Future<Output = Result<(), RollbackError>> + Send {
        ready(self.0.rollback_to(savepoint))
    }

    fn check(&mut self) -> impl Future<Output = Result<(), CommitError>> + Send {
        ready(self.0.check())
    }

    fn savepoint_in_test(
        &mut self,
        savepoint: Savepoint,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        ready(test_transaction::savepoint(&mut self.0, savepoint))
    }

    fn undo_begin(&mut self) -> impl Future<Output = ()> + Send {
        if self.0.status() == TransactionStatus::Open {
            // The connection is discarded, whatever comes of it.
            let _ = self.0.rollback();
        }
        self.0.discard();
        ready(())
    }

    fn pause(&mut self, attempts: &Attempts) -> impl Future<Output = ()> + Send {
        std::thread::sleep(attempts.pause());
        ready(())
    }

    fn abandon(&mut self, _: Abandoned) {
        self.0.discard();
    }

    /// A sync driver was asked to roll back before it is given up, and has failed.
    fn has_undone(&self) -> bool {
        false
    }
}

/// The steps of an async driver.
pub(super) struct Awaited<T>(pub(super) T);

impl<T: AsyncTransaction> Steps for Awaited<T> {
    type Session = T;

    fn session(&self) -> &T {
        &self.0
    }

    fn session_mut(&mut self) -> &mut T {
        &mut self.0
    }

    fn begin(&mut self, options: &Options) -> impl Future<Output = Result<(), BoxError>> + Send {
        self.0.begin(options)
    }

    fn rollback(&mut self) -> impl Future<Output = Result<(), RollbackError>> + Send {
        self.0.rollback()
    }

    fn release(
        &mut self,
        savepoint: &Savepoint,
    ) -> impl Future<Output = Result<(), CommitError>> + Send {
        self.0.release(savepoint)
    }

    fn rollback_to(
        &mut self,
        savepoint: &Savepoint,
    ) -> impl Future<Output = Result<(), RollbackError>> + Send {
        self.0.rollback_to(savepoint)
    }

    fn check(&mut self) -> impl Future<Output = Result<(), CommitError>> + Send {
        self.0.check()
    }

    fn savepoint_in_test(
        &mut self,
        savepoint: Savepoint,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        test_transaction::savepoint_async(&mut self.0, savepoint)
    }

    fn undo_begin(&mut self) -> impl Future<Output = ()> + Send {
        self.0.abandon(Abandoned::Interrupted);
        ready(())
    }

    fn pause(&mut self, attempts: &Attempts) -> impl Future<Output = ()> + Send {
        attempts.pause_async()
    }

    fn abandon(&mut self, abandoned: Abandoned) {
        self.0.abandon(abandoned);
    }

    fn has_undone(&self) -> bool {
        self.0.has_undone()
    }
}
