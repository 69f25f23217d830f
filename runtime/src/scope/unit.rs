//! The state of one block, and what follows from it.

use super::{Diagnosis, Leftover, Level, Phase};
use crate::context::{self, Doom, Frame, Load, Mark};
use crate::handlers::{self, Drain, Queue};
use crate::observer::{self, Event};
use crate::signals::{Cause, Committed, RolledBack};
use crate::site::Site;
use crate::transaction::{CommitError, RollbackError, Savepoint};

/// The state of one block.
pub(super) struct Unit {
    pub(super) frame: Frame,
    pub(super) level: Level,
    pub(super) phase: Phase,
    /// For observers; zero if there was none when it began.
    pub(super) id: u64,
    pub(super) diagnosis: Diagnosis,
    /// Whether the body's error does not roll back.
    pub(super) spared: bool,
    /// What handlers have to be told of the rollback, once the connection is given back.
    pub(super) fallout: Option<Cause>,
}

impl Unit {
    /// The savepoint of a nested block.
    pub(super) fn savepoint(&self) -> Savepoint {
        self.frame.savepoint()
    }

    pub(super) fn site(&self) -> &'static Site {
        self.frame.site()
    }

    /// Whether a block is around this one, on the same connection.
    pub(super) fn has_parent(&self) -> bool {
        context::is_open_on(self.frame.connection())
    }

    /// Runs `f` on what has gathered in the block around this one, on the same connection.
    fn change_parent(&self, f: impl FnOnce(&mut Load)) {
        context::change_innermost_of(self.frame.connection(), f);
    }

    pub(super) fn doom_parent(&self, cause: Doom) {
        if !self.level.is_outermost() {
            self.change_parent(|parent| parent.doom(cause));
        }
    }

    /// What was queued now waits for the block around this one; where there is none, it is dropped,
    /// which must not happen while the stack of frames is borrowed.
    pub(super) fn hand_over(&mut self) {
        if !self.has_calls() {
            return;
        }
        let mut queue = Some(self.take_queue());
        self.change_parent(|parent| {
            if let Some(queue) = queue.take() {
                parent.queue.append(queue);
            }
        });
        if let Some(orphaned) = queue {
            handlers::discard(orphaned);
        }
    }

    pub(super) fn take_queue(&mut self) -> Queue {
        std::mem::take(&mut self.frame.load.queue)
    }

    pub(super) fn discard_queue(&mut self) {
        handlers::discard(self.take_queue());
    }

    pub(super) fn nesting(&self) -> usize {
        self.frame.depth()
    }

    fn event(&self, driver: &'static str) -> Event {
        Event {
            id: self.id,
            site: self.site(),
            driver,
            nesting: self.nesting(),
            deferred: self.frame.load.queue.deferred(),
        }
    }

    /// Tells observers of the end of a block of which they have heard the begin.
    #[inline]
    pub(super) fn observe(&self, driver: &'static str, tell: impl FnOnce(&Event)) {
        if self.id > 0 {
            tell(&self.event(driver));
        }
    }

    /// After begin or savepoint. Says whether somebody is to be told.
    #[inline]
    pub(super) fn begun(&mut self) -> bool {
        self.phase = Phase::Open;
        self.id = observer::next_id();
        self.id > 0
    }

    /// After commit or release. Says whether somebody is to be told.
    #[inline]
    pub(super) fn committed(&mut self) -> bool {
        self.phase = Phase::Closed;
        self.id > 0
    }

    /// Whether a call or a handler waits.
    #[inline]
    pub(super) fn has_calls(&self) -> bool {
        !self.frame.load.queue.is_empty()
    }

    /// What has to run after the commit of the outermost block, if nobody catches it.
    pub(super) fn drain(&mut self) -> Option<Drain> {
        let queue = self.take_queue();
        let event = Committed {
            site: self.site(),
            nesting: 0,
            deferred: queue.deferred(),
        };
        if context::is_capturing() {
            let caught = queue.committed(&event);
            context::capture(caught);
            return None;
        }
        Some(Drain::new(queue, event))
    }

    /// Whether a refused commit has left something to roll back.
    pub(super) fn after_refusal(
        &mut self,
        refusal: &CommitError,
        driver: &'static str,
    ) -> Leftover {
        match refusal {
            CommitError::Refused(_) | CommitError::Aborted => Leftover::Transaction,
            CommitError::RolledBack(_) => {
                self.doom_parent(Doom::SavepointLost);
                self.rolled_back(&Ok(()), Cause::CommitFailed, driver);
                Leftover::Nothing
            }
            CommitError::Ended => {
                self.rolled_back(&Err(RollbackError::Ended), Cause::CommitFailed, driver);
                Leftover::Nothing
            }
            CommitError::Unknown(_) => {
                self.lost_track(driver);
                Leftover::Unknown
            }
        }
    }

    /// Nobody knows what became of it.
    pub(super) fn lost_track(&mut self, driver: &'static str) {
        self.doom_parent(Doom::SavepointLost);
        self.observe(driver, observer::unknown);
        self.discard_queue();
    }

    /// Records how a rollback went, and tells observers and handlers.
    pub(super) fn rolled_back(
        &mut self,
        result: &Result<(), RollbackError>,
        cause: Cause,
        driver: &'static str,
    ) {
        if let Err(RollbackError::Failed(error) | RollbackError::Disconnected(error)) = result {
            observer::rollback_failed(self.site(), error);
        }
        self.phase = Phase::Closed;
        if !self.is_known_undone(result) {
            return self.lost_track(driver);
        }
        if result.is_err() {
            self.doom_parent(Doom::SavepointLost);
        }
        self.undone(cause, driver);
    }

    /// After the future was dropped, and the driver told.
    pub(super) fn abandoned(&mut self, phase: Phase, driver: &'static str) {
        let cause = if self.frame.has_panicked() {
            Cause::Panic
        } else {
            Cause::Cancelled
        };
        match (self.level, phase) {
            (Level::Joined, _) => self.left(cause, driver),
            (Level::Outermost, Phase::Committing) => self.lost_track(driver),
            (_, Phase::Draining | Phase::Cleaning) => {}
            _ => {
                self.doom_parent(Doom::NestedCancelled);
                self.undone(cause, driver);
            }
        }
    }

    /// Whether a transaction that the body's error has rolled back is worth another attempt.
    pub(super) fn may_restart(&self, rolled_back: &Result<(), RollbackError>) -> bool {
        let gone = self.is_known_undone(rolled_back);
        gone && self.diagnosis.transient && self.level.is_outermost()
    }

    /// Whether nothing of the block is left, by the driver's word or by that of the body's error.
    fn is_known_undone(&self, rolled_back: &Result<(), RollbackError>) -> bool {
        match rolled_back {
            Ok(()) | Err(RollbackError::Disconnected(_)) => true,
            Err(RollbackError::Ended) => self.diagnosis.rolled_back,
            Err(RollbackError::Failed(_)) => false,
        }
    }

    /// For another attempt.
    pub(super) fn reset(&mut self) {
        self.frame.load.mark = Mark::None;
        self.diagnosis = Diagnosis::default();
        self.id = 0;
    }

    /// A block that had joined leaves it to the block around it to roll back.
    pub(super) fn left(&mut self, cause: Cause, driver: &'static str) {
        self.phase = Phase::Closed;
        self.observe(driver, |event| observer::rolled_back(event, cause));
        self.doom_parent(Doom::Joined(self.site()));
        self.hand_over();
    }

    /// Tells observers, and keeps what is left for [`tell_handlers`](Self::tell_handlers).
    pub(super) fn undone(&mut self, cause: Cause, driver: &'static str) {
        self.observe(driver, |event| observer::rolled_back(event, cause));
        self.fallout = Some(cause);
    }

    /// Runs the handlers of a rollback.
    #[inline]
    pub(super) fn tell_handlers(&mut self) {
        if let Some(cause) = self.fallout.take()
            && self.has_calls()
        {
            self.fall_out(cause);
        }
    }

    fn fall_out(&mut self, cause: Cause) {
        let event = RolledBack {
            site: self.site(),
            nesting: self.nesting(),
            cause,
        };
        handlers::roll_back(self.take_queue(), &event);
    }
}
