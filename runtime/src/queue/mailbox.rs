//! The way to a block from other threads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Handler, Pending};
use crate::context::Identity;

/// What arrives for a block. It lies in the block's queue, and is closed when that gives it away.
#[derive(Debug)]
pub(crate) struct Mailbox(Mutex<Option<Pending>>);

impl Mailbox {
    /// One for the block with that identity.
    pub(crate) fn new(identity: Identity) -> Self {
        Self(Mutex::new(Some(Pending {
            identity,
            ..Pending::EMPTY
        })))
    }

    /// Nothing that runs while it is held is a user's, so no panic has poisoned it.
    fn arrived(&self) -> MutexGuard<'_, Option<Pending>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `f` on what has arrived, unless the block has ended.
    pub(crate) fn look<R>(&self, f: impl FnOnce(&mut Pending) -> R) -> Option<R> {
        self.arrived().as_mut().map(f)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.arrived().is_some()
    }

    /// Puts a handler in, or gives it back.
    pub(crate) fn put(&self, handler: Handler) -> Result<(), Handler> {
        match &mut *self.arrived() {
            Some(arrived) => {
                arrived.queue.push(handler);
                Ok(())
            }
            None => Err(handler),
        }
    }

    pub(crate) fn deferred(&self) -> usize {
        self.look(|arrived| arrived.queue.deferred()).unwrap_or(0)
    }

    pub(crate) fn remove(&self, id: u64) -> Option<Handler> {
        self.look(|arrived| arrived.queue.remove(id))?
    }

    /// Takes what has arrived. Nothing does any more.
    pub(super) fn close(&self) -> Option<Pending> {
        self.arrived().take()
    }
}

/// The end of a mailbox that is in the queue. Dropped, which happens where nobody runs what is in the queue, it closes the mailbox.
#[derive(Debug)]
pub(crate) struct Inbox(Arc<Mailbox>);

impl Inbox {
    pub(super) fn new(mailbox: &Arc<Mailbox>) -> Self {
        Self(Arc::clone(mailbox))
    }

    pub(super) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.0
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        drop(self.0.close());
    }
}
