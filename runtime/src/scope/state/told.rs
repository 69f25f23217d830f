//! A block's queue, and those who are told of its ends: observers and handlers.

use super::{BlockState, Untold};
use crate::context;
use crate::error::{Outcome, RollbackOnly};
use crate::event::{Committed, Completed};
use crate::observer::{self, Event};
use crate::queue::Queue;
use crate::run::{self, Drain};
use crate::scope::level::Level;

/// Those who are told.
impl BlockState {
    #[cold]
    pub(super) fn event(&self, driver: &'static str) -> Event {
        Event {
            id: self.id(),
            parent: match self.level {
                Level::Outermost | Level::Test => 0,
                Level::Nested | Level::Foreign | Level::Joined => {
                    context::id_of_innermost_of(self.frame.connection())
                }
            },
            site: self.site(),
            driver,
            nesting: self.frame.depth(),
            deferred: self.frame.pending.queue.deferred(),
        }
    }

    /// Whether anything has gathered in it: calls, or an identity.
    #[inline]
    pub(in crate::scope) fn is_loaded(&self) -> bool {
        self.frame.is_loaded()
    }

    /// Whether observers have heard of its begin, so that they are told of its end.
    #[inline]
    pub(in crate::scope) fn is_observed(&self) -> bool {
        self.id() != observer::NO_TRANSACTION
    }

    /// Its identity for observers.
    pub(in crate::scope) fn id(&self) -> u64 {
        self.frame.pending.identity.number()
    }

    /// Tells observers of its end, if they have heard of its begin.
    pub(in crate::scope) fn observe(&self, driver: &'static str, tell: impl FnOnce(&Event)) {
        if self.is_observed() {
            tell(&self.event(driver));
        }
    }

    /// Remembers the end of a block that did not commit until [`tell_handlers`](Self::tell_handlers).
    pub(in crate::scope) fn remember(&mut self, end: Untold) {
        self.untold = Some(end);
    }

    /// Runs the handlers of a block that did not commit, if it is one.
    #[inline]
    pub(in crate::scope) fn tell_handlers(&mut self) {
        if self.untold.is_some() && self.has_calls() {
            self.tell_handlers_of_end();
        }
    }

    #[cold]
    fn tell_handlers_of_end(&mut self) {
        let Some(end) = self.untold.take() else {
            return;
        };
        let (outcome, cause) = match end {
            Untold::RolledBack(cause) => (Outcome::RolledBack, Some(cause)),
            Untold::Unknown => (Outcome::Unknown, None),
        };
        let event = Completed {
            id: self.id(),
            site: self.site(),
            nesting: self.frame.depth(),
            outcome,
            cause,
        };
        run::run_handlers_of_end(self.take_queue(), &event);
    }

    /// Makes the block around this one roll back.
    pub(in crate::scope) fn doom_parent(&self, cause: RollbackOnly) {
        if !self.level.is_outermost() {
            context::change_innermost_of(self.frame.connection(), |parent| parent.doom(cause));
        }
    }
}

/// Its queue.
impl BlockState {
    /// Whether a call or a handler waits.
    #[inline]
    pub(in crate::scope) fn has_calls(&self) -> bool {
        self.is_loaded() && !self.frame.pending.queue.is_empty()
    }

    /// Whether somebody is to be told of a commit besides the caller: calls, handlers or observers.
    #[inline]
    pub(in crate::scope) fn is_waited_for(&self) -> bool {
        self.frame.is_loaded()
            && (self.has_calls() || self.is_observed())
            && !context::is_capturing()
    }

    /// Counts the calls and handlers that would run at a commit.
    pub(in crate::scope) fn waiting_for_commit(&self) -> usize {
        self.frame.pending.queue.waiting_for_commit()
    }

    /// Takes it as a whole, with what has arrived from elsewhere.
    fn take_queue(&mut self) -> Queue {
        self.close_mailboxes();
        std::mem::take(&mut self.frame.pending.queue)
    }

    fn close_mailboxes(&mut self) {
        if self.is_unprepared() {
            self.frame.pending.close_mailboxes();
        }
    }

    /// Drops what waits for a commit or a rollback, and leaves what runs after every end.
    pub(in crate::scope) fn discard_all_but_last(&mut self) {
        self.close_mailboxes();
        let others = self.frame.pending.queue.keep_last();
        run::discard(others, self.id());
    }

    pub(in crate::scope) fn discard_queue(&mut self) {
        run::discard(self.take_queue(), self.id());
    }

    /// Has the block around this one wait with what was queued here. Where there is none it is dropped, which must not
    /// happen while the stack of frames is borrowed.
    pub(in crate::scope) fn hand_over(&mut self) {
        if !self.has_calls() {
            return;
        }
        if self.is_unprepared() {
            self.frame.pending.close_mailboxes();
            context::prepare_innermost_of(self.frame.connection());
        }
        let mut queue = Some(std::mem::take(&mut self.frame.pending.queue));
        if self.level != Level::Foreign {
            context::change_innermost_of(self.frame.connection(), |parent| {
                if let Some(queue) = queue.take() {
                    parent.queue.append(queue);
                }
            });
        }
        if let Some(orphaned) = queue {
            run::discard(orphaned, self.id());
        }
    }

    /// The calls that have to run after the commit of an outermost block, unless something catches them.
    pub(in crate::scope) fn drain(&mut self) -> Option<Drain> {
        let mut queue = std::mem::take(&mut self.frame.pending.queue);
        let (calls, deferred) = queue.take_in_order();
        let event = Committed {
            id: self.id(),
            site: self.site(),
            nesting: 0,
            deferred,
        };
        if context::is_capturing() {
            context::capture(Queue::committed(calls, &event));
            return None;
        }
        Some(Drain::new(calls, event))
    }
}
