//! The end of a body that has returned `Ok`.

use super::{AsyncScope, Leftover, Level, Phase, Scope};
use crate::error::Error;
use crate::observer;
use crate::signals::Cause;
use crate::transaction::{AsyncTransaction, CommitError, Transaction};

impl<T: Transaction> Scope<T> {
    #[inline]
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        if !self.unit.may_commit() {
            return self.give_up();
        }
        self.unit.phase = Phase::Committing;
        if let Err(refusal) = self.send_commit() {
            return self.refused(refusal);
        }
        if self.unit.committed() {
            self.unit.observe(self.driver(), observer::committed);
        }
        if !self.unit.level.is_outermost() {
            self.unit.hand_over();
            return Ok(());
        }
        self.let_go();
        if self.unit.has_calls() {
            self.run_deferred()
        } else {
            Ok(())
        }
    }

    #[cold]
    fn give_up(&mut self) -> Result<(), Error> {
        let pending = self.unit.waiting_for_commit();
        let rolled_back = self.undo(self.unit.cause());
        let objection = self.unit.objection(pending);
        self.unit.not_committed(objection, rolled_back)
    }

    #[inline]
    fn send_commit(&mut self) -> Result<(), CommitError> {
        let (level, savepoint) = (self.unit.level, self.unit.savepoint());
        match level {
            Level::Outermost => self.transaction().commit(),
            Level::Nested => self.transaction().release(&savepoint),
            Level::Rehearsal => {
                self.transaction().check()?;
                self.transaction().release(&savepoint)
            }
            Level::Joined => Ok(()),
        }
    }

    #[cold]
    fn refused(&mut self, refusal: CommitError) -> Result<(), Error> {
        match self.unit.after_refusal(&refusal, self.driver()) {
            Leftover::Transaction => {
                let rolled_back = self.undo(Cause::CommitFailed);
                let refused = self.unit.refused(refusal);
                return self.unit.not_committed(Some(refused), rolled_back);
            }
            Leftover::Nothing => {}
            Leftover::Unknown => self.discard(),
        }
        Err(self.unit.refused(refusal))
    }
}

impl<T: AsyncTransaction> AsyncScope<T> {
    pub(super) async fn finish(&mut self) -> Result<(), Error> {
        if !self.unit.may_commit() {
            return self.give_up().await;
        }
        self.unit.phase = Phase::Committing;
        if let Err(refusal) = self.send_commit().await {
            return self.refused(refusal).await;
        }
        if self.unit.committed() {
            self.unit.observe(self.driver(), observer::committed);
        }
        if !self.unit.level.is_outermost() {
            self.unit.hand_over();
            return Ok(());
        }
        self.let_go();
        if self.unit.has_calls() {
            self.run_deferred().await
        } else {
            Ok(())
        }
    }

    async fn give_up(&mut self) -> Result<(), Error> {
        let pending = self.unit.waiting_for_commit();
        let rolled_back = self.undo(self.unit.cause()).await;
        let objection = self.unit.objection(pending);
        self.unit.not_committed(objection, rolled_back)
    }

    async fn send_commit(&mut self) -> Result<(), CommitError> {
        let (level, savepoint) = (self.unit.level, self.unit.savepoint());
        match level {
            Level::Outermost => self.transaction().commit().await,
            Level::Nested => self.transaction().release(&savepoint).await,
            Level::Rehearsal => {
                self.transaction().check().await?;
                self.transaction().release(&savepoint).await
            }
            Level::Joined => Ok(()),
        }
    }

    async fn refused(&mut self, refusal: CommitError) -> Result<(), Error> {
        match self.unit.after_refusal(&refusal, self.driver()) {
            Leftover::Transaction => {
                let rolled_back = self.undo(Cause::CommitFailed).await;
                let refused = self.unit.refused(refusal);
                return self.unit.not_committed(Some(refused), rolled_back);
            }
            Leftover::Nothing => {}
            Leftover::Unknown => self.close(),
        }
        Err(self.unit.refused(refusal))
    }
}
