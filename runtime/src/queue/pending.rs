//! All that gathers in a block.

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
            match arrived.must_roll_back {
                Some(MustRollBack::Requested) => self.request_rollback(),
                Some(MustRollBack::Only(cause)) => self.doom(cause),
                None => {}
            }
        }
    }

    pub(crate) fn request_rollback(&mut self) {
        self.must_roll_back.get_or_insert(MustRollBack::Requested);
    }

    /// The first cause stays: it is the one that the user has to look at.
    pub(crate) fn doom(&mut self, cause: RollbackOnly) {
        if !matches!(self.must_roll_back, Some(MustRollBack::Only(_))) {
            self.must_roll_back = Some(MustRollBack::Only(cause));
        }
    }
}
