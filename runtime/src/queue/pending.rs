//! All that gathers in a block.

use std::panic::Location;

use super::Queue;
use crate::context::Identity;
use crate::error::RollbackOnly;

/// Why a block has to roll back although its body returned `Ok`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MustRollBack {
    /// `set_rollback()` was called.
    Requested,
    /// Nothing else is possible, and that is an error.
    Only(RollbackOnly),
    /// A job is about to be stored, and perhaps others of which the queue knows: nothing else is possible until they are.
    #[cfg_attr(not(feature = "jobs"), allow(dead_code, reason = "there are none"))]
    Storing(&'static Location<'static>),
}

impl MustRollBack {
    /// The reason, where nothing else is possible.
    pub(crate) fn only(self) -> Option<RollbackOnly> {
        match self {
            Self::Requested => None,
            Self::Only(cause) => Some(cause),
            Self::Storing(location) => Some(RollbackOnly::NotStored { location }),
        }
    }
}

/// All that gathers while a body runs.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) must_roll_back: Option<MustRollBack>,
    pub(crate) queue: Queue,
    /// The block's identity, if somebody was there to ask for it when it began.
    pub(crate) identity: Identity,
}

impl Default for Pending {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Pending {
    pub(crate) const EMPTY: Self = Self {
        must_roll_back: None,
        queue: Queue::new(),
        identity: Identity::NONE,
    };

    /// Closes the mailboxes of the block, and takes what has arrived, in that order, behind its own.
    pub(crate) fn close_mailboxes(&mut self) {
        for arrived in self.queue.close_mailboxes() {
            self.queue.append(arrived.queue);
            match arrived.must_roll_back.map(MustRollBack::only) {
                Some(None) => self.request_rollback(),
                Some(Some(cause)) => self.doom(cause),
                None => {}
            }
        }
    }

    pub(crate) fn request_rollback(&mut self) {
        if !matches!(self.must_roll_back, Some(MustRollBack::Only(_))) {
            self.must_roll_back = Some(MustRollBack::Requested);
        }
    }

    /// Notes that a job is about to be stored.
    #[cfg(feature = "jobs")]
    pub(crate) fn storing(&mut self, location: &'static Location<'static>) {
        match self.must_roll_back {
            None => self.must_roll_back = Some(MustRollBack::Storing(location)),
            Some(MustRollBack::Storing(_)) => self.queue.await_job(location),
            Some(MustRollBack::Requested | MustRollBack::Only(_)) => {}
        }
    }

    /// Notes that one was stored.
    #[cfg(feature = "jobs")]
    pub(crate) fn stored(&mut self) {
        if matches!(self.must_roll_back, Some(MustRollBack::Storing(_)))
            && !self.queue.takes_awaited_job()
        {
            self.must_roll_back = None;
        }
    }

    /// The first cause stays: it is the one that the user has to look at.
    pub(crate) fn doom(&mut self, cause: RollbackOnly) {
        if !matches!(self.must_roll_back, Some(MustRollBack::Only(_))) {
            self.must_roll_back = Some(MustRollBack::Only(cause));
        }
    }
}
