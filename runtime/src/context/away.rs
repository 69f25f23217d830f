//! Blocks whose body is on another thread, or elsewhere on this one: what is registered for them goes through a mailbox.

use std::panic::Location;
use std::sync::Arc;

use super::entered::STACK;
use super::frame::Block;
use super::identity::Identity;
use super::open::OpenBlock;
use super::stack::{INLINE, Slot, Stack};
use crate::error::HandlerFailure;
use crate::observer;
use crate::queue::{Handler, Mailbox, Pending};
use crate::site::Site;

/// The place of the first such block on a thread, behind that of any other.
const FIRST: usize = 1 << (usize::BITS - 1);

/// The way to a block, from wherever it is entered.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    block: Block,
    mailbox: Arc<Mailbox>,
}

impl Address {
    pub(crate) fn site(&self) -> &'static Site {
        self.block.site
    }

    /// Whether the block takes what arrives.
    pub(crate) fn is_open(&self) -> bool {
        self.mailbox.is_open()
    }

    /// Has what is registered on this thread go to the block, until what is returned is dropped.
    pub(crate) fn enter(&self) -> Posting {
        let address = self.clone();
        STACK.with(|stack| {
            let index = stack.push(Block::AWAY);
            stack.away.borrow_mut().push(Away { index, address });
            Posting { index }
        })
    }

    /// A frame like that of the block, to be read.
    fn slot(&self) -> Slot {
        let slot = Slot::vacant();
        slot.occupy(self.block);
        let identity = self.mailbox.look(|arrived| arrived.identity);
        slot.gathered.borrow_mut().identity = identity.unwrap_or(Identity::NONE);
        slot
    }
}

/// A block that is elsewhere, and the index of the frame that stands for it.
pub(super) struct Away {
    index: usize,
    address: Address,
}

/// Takes the frame off that stands for a block, when it is dropped.
#[must_use]
pub(crate) struct Posting {
    index: usize,
}

impl Drop for Posting {
    fn drop(&mut self) {
        // Dropped here, outside of the stack's borrow: the block may have ended, and what it has captured is user code.
        let _last = STACK.with(|stack| {
            stack.pop(self.index);
            let mut away = stack.away.borrow_mut();
            let last = away.pop();
            if away.is_empty() {
                // Nobody drops the stack when its thread ends.
                *away = Vec::new();
            }
            last
        });
    }
}

impl Stack {
    /// The place of the block that a frame stands for.
    #[cold]
    pub(super) fn place_of_away(&self, index: usize) -> Option<usize> {
        let away = self.away.borrow();
        let place = away.iter().rposition(|away| away.index == index)?;
        Some(FIRST + place)
    }

    /// The way to the block at a place, if it is elsewhere.
    fn address(&self, place: usize) -> Option<Address> {
        let place = place.checked_sub(FIRST)?;
        let away = self.away.borrow();
        away.get(place).map(|away| away.address.clone())
    }

    #[cold]
    pub(super) fn at_spilled<R>(&self, place: usize, f: impl FnOnce(&Slot) -> R) -> R {
        match self.address(place) {
            Some(address) => f(&address.slot()),
            None => f(&self.spilled.borrow()[place - INLINE]),
        }
    }

    #[cold]
    pub(super) fn change_spilled(&self, place: usize, f: impl FnOnce(&mut Pending)) -> bool {
        if let Some(address) = self.address(place) {
            return address.mailbox.look(f).is_some();
        }
        self.at_spilled(place, |slot| slot.change(f));
        true
    }

    /// Queues a call, or gives it back where the block has ended.
    #[cold]
    pub(super) fn put_spilled(&self, place: usize, handler: Handler) -> Result<(), Handler> {
        if let Some(address) = self.address(place) {
            return address.mailbox.put(handler);
        }
        self.at_spilled(place, |slot| {
            slot.change(|pending| pending.queue.push(handler));
        });
        Ok(())
    }

    /// Queues a call, or tells observers where the block has ended: there is nobody else to hear of it.
    #[cold]
    pub(super) fn enqueue_spilled(&self, place: usize, handler: Handler) {
        if let Err(refused) = self.put_spilled(place, handler) {
            let failure = HandlerFailure::refused(refused.location);
            observer::handler_failed_unheard(&failure, observer::NO_TRANSACTION);
        }
    }
}

impl OpenBlock {
    /// Whether its frame is on this thread.
    #[inline]
    pub(super) fn is_here(self) -> bool {
        self.0 < FIRST
    }

    /// Whether the block has not ended yet. One whose frame is here has not.
    #[inline]
    pub(crate) fn is_live(self) -> bool {
        self.is_here() || self.elsewhere().is_some_and(|mailbox| mailbox.is_open())
    }

    /// The block's mailbox, if it is elsewhere.
    #[cold]
    pub(super) fn elsewhere(self) -> Option<Arc<Mailbox>> {
        STACK.with(|stack| stack.address(self.0).map(|address| address.mailbox))
    }

    /// The way to the block from elsewhere.
    #[cold]
    pub(crate) fn address(self, location: &'static Location<'static>) -> Address {
        STACK.with(|stack| {
            let made = || stack.at(self.0, |slot| slot.address(location));
            stack.address(self.0).unwrap_or_else(made)
        })
    }
}

impl Slot {
    /// The way to the block, whose mailbox is put into its queue where it has none.
    fn address(&self, location: &'static Location<'static>) -> Address {
        let found = self.gathered.borrow().queue.mailbox().map(Arc::clone);
        let mailbox = found.unwrap_or_else(|| {
            let mailbox = Arc::new(Mailbox::new(self.gathered.borrow().identity));
            self.prepare();
            self.change(|pending| pending.queue.push(Handler::inbox(&mailbox, location)));
            mailbox
        });
        let block = self.block.get().away();
        Address { block, mailbox }
    }
}
