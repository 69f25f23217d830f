//! The steps of one of several blocks that are on the same transaction.

use std::ops::{Deref, DerefMut};

use super::pool::Pool;
use crate::transaction::Session;

/// A way to transactions that do the steps of several blocks.
pub trait Stepped {
    /// The transaction.
    type Transaction: Session;

    /// What the transaction knows of the block whose steps it does, as far as that is another for each of several blocks on it.
    type Steps;

    /// Exchanges the block whose steps are done.
    fn swap(transaction: &mut Self::Transaction, steps: &mut Self::Steps);
}

impl<P: Pool> Stepped for P {
    type Transaction = <P as Pool>::Transaction;

    type Steps = <P as Pool>::Steps;

    fn swap(transaction: &mut <P as Pool>::Transaction, steps: &mut <P as Pool>::Steps) {
        <P as Pool>::swap(transaction, steps);
    }
}

/// A transaction that does the steps of a block inside of it, until this is dropped.
pub(super) struct Doing<'t, P: Stepped> {
    transaction: &'t mut P::Transaction,
    /// Nothing for the outermost block.
    steps: Option<&'t mut P::Steps>,
}

impl<'t, P: Stepped> Doing<'t, P> {
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

impl<P: Stepped> Deref for Doing<'_, P> {
    type Target = P::Transaction;

    fn deref(&self) -> &P::Transaction {
        self.transaction
    }
}

impl<P: Stepped> DerefMut for Doing<'_, P> {
    fn deref_mut(&mut self) -> &mut P::Transaction {
        self.transaction
    }
}

impl<P: Stepped> Drop for Doing<'_, P> {
    fn drop(&mut self) {
        if let Some(steps) = &mut self.steps {
            P::swap(self.transaction, steps);
        }
    }
}
