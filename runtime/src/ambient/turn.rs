//! Somebody's turn with the connection of an open transaction.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::slot::Slot;
use crate::transaction::AsyncTransaction;

/// The connection of an open transaction, until it is dropped.
pub(crate) struct Turn<T: AsyncTransaction + 'static> {
    pub(super) slot: Arc<Slot<T>>,
    /// `None` once it is given back.
    transaction: Option<Box<T>>,
}

impl<T: AsyncTransaction + 'static> Turn<T> {
    pub(super) fn new(slot: Arc<Slot<T>>, transaction: Box<T>) -> Self {
        let transaction = Some(transaction);
        Self { slot, transaction }
    }
}

impl<T: AsyncTransaction + 'static> Turn<T> {
    /// Takes the connection, for somebody else to give back.
    pub(super) fn into_held(mut self) -> Option<Box<T>> {
        self.transaction.take()
    }
}

impl<T: AsyncTransaction + 'static> fmt::Debug for Turn<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Turn")
    }
}

impl<T: AsyncTransaction + 'static> Deref for Turn<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.transaction {
            Some(transaction) => transaction,
            None => unreachable!("given back when it is dropped"),
        }
    }
}

impl<T: AsyncTransaction + 'static> DerefMut for Turn<T> {
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.transaction {
            Some(transaction) => transaction,
            None => unreachable!("given back when it is dropped"),
        }
    }
}

impl<T: AsyncTransaction + 'static> Drop for Turn<T> {
    fn drop(&mut self) {
        if let Some(transaction) = self.transaction.take() {
            self.slot.give_back(transaction);
        }
    }
}
