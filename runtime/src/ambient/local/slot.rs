//! The slot of a connection that one user at a time has.

use std::cell::Cell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use crate::error::{Error, Holder, Reason};
use crate::site::Site;
use crate::transaction::{ConnectionId, Transaction};

/// The transaction on a connection, in a box so that it stays where it is, while nobody has it.
pub(super) struct Slot<T> {
    free: Cell<Option<Box<T>>>,
    pub(super) connection: ConnectionId,
    pub(super) driver: &'static str,
    pub(super) closes_connection: bool,
}

impl<T: Transaction> Slot<T> {
    pub(super) fn new(transaction: T) -> Rc<Self> {
        let mut transaction = Box::new(transaction);
        Rc::new(Self {
            connection: transaction.connection_id(),
            driver: transaction.driver(),
            closes_connection: transaction.closes_connection(),
            free: Cell::new(Some(transaction)),
        })
    }

    /// Takes the transaction out, until what is returned is dropped.
    ///
    /// # Errors
    ///
    /// When a closure has it that the running code is inside of.
    pub(super) fn lend(self: &Rc<Self>, site: &'static Site) -> Result<Lent<T>, Error> {
        match self.free.take() {
            taken @ Some(_) => Ok(Lent {
                slot: Rc::clone(self),
                taken,
            }),
            None => Err(Reason::Busy(site, Holder::Closure).into()),
        }
    }
}

/// The transaction of a slot, for one user.
pub struct Lent<T> {
    slot: Rc<Slot<T>>,
    /// `None` once it is back in its slot.
    taken: Option<Box<T>>,
}

const TAKEN: &str = "put back only when it is dropped";

impl<T> Deref for Lent<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.taken
            .as_deref()
            .unwrap_or_else(|| unreachable!("{TAKEN}"))
    }
}

impl<T> DerefMut for Lent<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.taken
            .as_deref_mut()
            .unwrap_or_else(|| unreachable!("{TAKEN}"))
    }
}

impl<T> Drop for Lent<T> {
    fn drop(&mut self) {
        self.slot.free.set(self.taken.take());
    }
}

impl<T> fmt::Debug for Lent<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Lent")
    }
}
