//! The steps of one of several blocks that are on the same transaction.

use std::ops::{Deref, DerefMut};

use super::pool::Pool;

/// A transaction that does the steps of a block inside of it, until this is dropped.
pub(super) struct Doing<'t, P: Pool> {
    transaction: &'t mut P::Transaction,
    /// Nothing for the outermost block.
    steps: Option<&'t mut P::Steps>,
}

impl<'t, P: Pool> Doing<'t, P> {
    pub(super) fn new(
        transaction: &'t mut P::Transaction,
        mut steps: Option<&'t mut P::Steps>,
    ) -> Self {
        if let Some(steps) = &mut steps {
            P::swap(transaction, steps);
        }
        Self { transaction, steps }
    }
}

impl<P: Pool> Deref for Doing<'_, P> {
    type Target = P::Transaction;

    fn deref(&self) -> &P::Transaction {
        self.transaction
    }
}

impl<P: Pool> DerefMut for Doing<'_, P> {
    fn deref_mut(&mut self) -> &mut P::Transaction {
        self.transaction
    }
}

impl<P: Pool> Drop for Doing<'_, P> {
    fn drop(&mut self) {
        if let Some(steps) = &mut self.steps {
            P::swap(self.transaction, steps);
        }
    }
}
