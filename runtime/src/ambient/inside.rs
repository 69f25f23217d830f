//! The place of running code in an open transaction.

use std::sync::Arc;
use std::time::Duration;

use super::slot::Slot;
use super::state::Place;
use super::turn::Turn;
use crate::error::{Error, Holder, Reason};
use crate::site::Site;
use crate::transaction::AsyncTransaction;

/// The place of running code in an open transaction of its pool.
pub(crate) struct Inside<T: AsyncTransaction + 'static> {
    pub(super) slot: Arc<Slot<T>>,
    pub(super) place: Place,
    /// Whether it is in the transaction of a test alone, where it believes that it is outside of any.
    pub(super) of_test: bool,
}

impl<T: AsyncTransaction + 'static> Inside<T> {
    /// The place of a block at so many levels.
    ///
    /// # Errors
    ///
    /// When the block's connection was leased, and is used by the code that wants it.
    pub(super) fn of(slot: Arc<Slot<T>>, level: usize, site: &'static Site) -> Result<Self, Error> {
        let of_test = usize::from(slot.is_in_test());
        match slot.place(level + of_test, site) {
            Some(place) => Ok(Self {
                slot,
                place,
                of_test: false,
            }),
            None => Err(Reason::Busy(site, Holder::Lease).into()),
        }
    }

    pub(super) fn of_test(slot: Arc<Slot<T>>) -> Option<Self> {
        let place = slot.place(0, &Site::NOWHERE)?;
        Some(Self {
            slot,
            place,
            of_test: true,
        })
    }

    /// Whether no block is around, which some handles refuse.
    pub(crate) fn is_of_test(&self) -> bool {
        self.of_test
    }

    /// Waits for the connection, with room on the heap, which a statement does not need that has its turn at once.
    pub(crate) async fn turn(self, holder: Holder, patience: Duration) -> Result<Turn<T>, Error> {
        let transaction = match self.slot.take_at_once(self.place, holder) {
            Some(transaction) => transaction,
            None => Box::pin(self.slot.take(self.place, holder, patience)).await?,
        };
        Ok(Turn::new(self.slot, transaction))
    }
}
