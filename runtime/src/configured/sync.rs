//! The steps of a sync driver.

use super::session::Configured;
use super::{has_ended, is_over};
use crate::error::BoxError;
use crate::options::Options;
use crate::transaction::{CommitError, RollbackError, Savepoint, Transaction};

impl<T: Transaction> Configured<T> {
    fn put_back(&mut self) {
        if !self.settings.changed().is_empty() {
            Transaction::put_back(&mut self.transaction, &mut self.settings);
        }
    }
}

impl<T: Transaction> Transaction for Configured<T> {
    fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        let begun = self.transaction.begin_with(options, &mut self.settings);
        if begun.is_err() {
            self.put_back();
        }
        begun
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        let committed = self.transaction.commit();
        if has_ended(&committed) {
            self.put_back();
        }
        committed
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        let rolled_back = self.transaction.rollback();
        if is_over(&rolled_back) {
            self.put_back();
        }
        rolled_back
    }

    /// Only a block in a test has one: any other that is nested is refused.
    fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        self.transaction.savepoint(savepoint)?;
        self.transaction.set_in_test(&self.settings)
    }

    fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        self.transaction.unset_in_test(&self.settings);
        self.transaction.release(savepoint)
    }

    fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        self.transaction.rollback_to(savepoint)
    }

    fn check(&mut self) -> Result<(), CommitError> {
        self.transaction.check()
    }

    fn discard(&mut self) {
        self.transaction.discard();
        self.put_back();
    }
}
