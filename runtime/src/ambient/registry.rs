//! The open transactions of a pool, for those who look for one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::inside::Inside;
use super::pools::Numbered;
use super::slot::Slot;
use crate::context::{self, Around};
use crate::error::{Error, Reason};
use crate::test_transaction;
use crate::transaction::AsyncTransaction;
#[cfg(feature = "jobs")]
use crate::transaction::ConnectionId;

/// The open transactions of a pool that a handle has begun.
pub(crate) struct Registry<T: AsyncTransaction + 'static> {
    number: Numbered,
    slots: Mutex<Vec<Arc<Slot<T>>>>,
}

impl<T: AsyncTransaction + 'static> Registry<T> {
    pub(super) const fn new(number: Numbered) -> Self {
        let slots = Mutex::new(Vec::new());
        Self { number, slots }
    }

    fn slots(&self) -> MutexGuard<'_, Vec<Arc<Slot<T>>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, slot: Arc<Slot<T>>) {
        self.slots().push(slot);
    }

    pub(super) fn remove(&self, removed: &Arc<Slot<T>>) {
        self.slots().retain(|slot| !Arc::ptr_eq(slot, removed));
    }

    fn slot(&self, wanted: impl Fn(&Slot<T>) -> bool) -> Option<Arc<Slot<T>>> {
        let slots = self.slots();
        slots.iter().find(|slot| wanted(slot)).cloned()
    }

    /// The place of the running code in an open transaction, if it is in one: in that of the innermost block of the pool, or
    /// outside of any in that of a test which was begun with the handle.
    ///
    /// # Errors
    ///
    /// When it is inside of a block that has not begun with a handle.
    #[inline]
    pub(crate) fn around(&self, handle: u64) -> Result<Option<Inside<T>>, Error> {
        let find = |connection| self.slot(|slot| slot.connection() == Some(connection));
        match context::around(find, self.number.is_beside()) {
            Around::In { found, level, site } => Inside::of(found, level, site).map(Some),
            Around::Beside(site) => Err(Reason::BesideBlock(site).into()),
            Around::Nothing if test_transaction::is_none() => Ok(None),
            Around::Nothing => Ok(self.of_test(handle)),
        }
    }

    /// Whether a statement here would be sent by that connection. Where it is refused, that says more.
    #[cfg(feature = "jobs")]
    pub(super) fn is_on(&self, handle: u64, connection: ConnectionId) -> bool {
        match self.around(handle) {
            Ok(inside) => inside.is_some_and(|inside| inside.slot.connection() == Some(connection)),
            Err(_) => true,
        }
    }

    #[cold]
    fn of_test(&self, handle: u64) -> Option<Inside<T>> {
        let in_test = |slot: &Slot<T>| slot.handle == handle && slot.is_in_test();
        self.slot(in_test).and_then(Inside::of_test)
    }
}
