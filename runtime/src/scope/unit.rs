//! The state of one block, and what follows from it.

use super::{Diagnosis, Leftover, Level, Phase, Verdict};
use crate::context::{self, Frame, Mark};
use crate::error::{Error, HandlerFailure, RollbackOnly};
use crate::handlers::{self, Drain, Queue};
use crate::observer::{self, Event};
use crate::signals::{Cause, Committed, RolledBack};
use crate::site::Site;
use crate::transaction::{CommitError, RollbackError};

/// The state of one block.
pub(super) struct Unit {
    pub(super) frame: Frame,
    pub(super) level: Level,
    pub(super) phase: Phase,
    pub(super) site: &'static Site,
    pub(super) driver: &'static str,
    /// For observers.
    pub(super) id: u64,
    pub(super) observed: bool,
    pub(super) diagnosis: Diagnosis,
    /// What has to be told of the rollback, once the connection is given back.
    pub(super) fallout: Option<(Queue, RolledBack)>,
}

impl Unit {
    pub(super) fn verdict(&self) -> Verdict {
        let function = self.site.function;
        match self.frame.mark {
            Mark::Rollback => Verdict::RollBack,
            Mark::Doomed(cause) => Verdict::Refuse(Error::RollbackOnly { function, cause }),
            Mark::None if self.would_lose_calls() => Verdict::Refuse(Error::NotOwned {
                function,
                pending: self.frame.queue.waiting_for_commit(),
            }),
            Mark::None => Verdict::Commit,
        }
    }

    /// Whether calls wait in a savepoint of a transaction that somebody else opened.
    pub(super) fn would_lose_calls(&self) -> bool {
        !self.level.is_outermost()
            && self.frame.queue.waiting_for_commit() > 0
            && self.with_parent(|_| ()).is_none()
    }

    /// Whether what could not be undone may still be committed, by whoever has opened the
    /// transaction around this block.
    pub(super) fn is_at_mercy(&self) -> bool {
        matches!(self.level, Level::Nested(_)) && self.with_parent(|_| ()).is_none()
    }

    /// Runs `f` on the block around this one, on the same connection.
    pub(super) fn with_parent<R>(&self, f: impl FnOnce(&mut Frame) -> R) -> Option<R> {
        context::with_innermost_of(self.frame.connection, f)
    }

    pub(super) fn doom_parent(&self, cause: RollbackOnly) {
        if !self.level.is_outermost() {
            self.with_parent(|parent| parent.doom(cause));
        }
    }

    /// What was queued now waits for the block around this one; where there is none, it is dropped,
    /// which must not happen while the stack of frames is borrowed.
    pub(super) fn hand_over(&mut self) {
        let mut queue = Some(self.take_queue());
        self.with_parent(|parent| {
            if let Some(queue) = queue.take() {
                parent.queue.append(queue);
            }
        });
        if let Some(orphaned) = queue {
            handlers::discard(orphaned);
        }
    }

    pub(super) fn take_queue(&mut self) -> Queue {
        std::mem::take(&mut self.frame.queue)
    }

    pub(super) fn discard_queue(&mut self) {
        handlers::discard(self.take_queue());
    }

    pub(super) fn nesting(&self) -> usize {
        self.frame.depth()
    }

    pub(super) fn event(&self) -> Event {
        Event {
            id: self.id,
            site: self.site,
            driver: self.driver,
            nesting: self.nesting(),
            deferred: self.frame.queue.deferred(),
        }
    }

    /// Tells observers of the end of a block of which they have heard the begin.
    pub(super) fn observe(&self, tell: impl FnOnce(&Event)) {
        if self.observed {
            tell(&self.event());
        }
    }

    /// After begin or savepoint.
    pub(super) fn begun(&mut self) {
        self.phase = Phase::Open;
        self.observed = observer::any();
        self.observe(observer::begun);
    }

    /// After commit or release.
    pub(super) fn committed(&mut self) {
        self.phase = Phase::Closed;
        self.observe(observer::committed);
    }

    /// What has to run after the commit of the outermost block.
    pub(super) fn drain(&mut self) -> Option<Drain> {
        let queue = self.take_queue();
        if queue.is_empty() {
            return None;
        }
        let event = Committed {
            site: self.site,
            nesting: 0,
            deferred: queue.deferred(),
        };
        if context::is_capturing() {
            let caught = queue.committed(&event);
            context::with_capture(|capture| capture.queue.append(caught));
            return None;
        }
        Some(Drain::new(queue, event))
    }

    /// Whether a refused commit has left something to roll back.
    pub(super) fn after_refusal(&mut self, refusal: &CommitError) -> Leftover {
        match refusal {
            CommitError::Refused(_) | CommitError::Aborted => Leftover::Transaction,
            CommitError::RolledBack(_) => {
                self.doom_parent(RollbackOnly::SavepointLost);
                self.rolled_back(&Ok(()), Cause::CommitFailed);
                Leftover::Nothing
            }
            CommitError::Ended => {
                self.rolled_back(&Err(RollbackError::Ended), Cause::CommitFailed);
                Leftover::Nothing
            }
            CommitError::Unknown(_) => {
                self.lost_track();
                Leftover::Unknown
            }
        }
    }

    /// Nobody knows what became of it.
    pub(super) fn lost_track(&mut self) {
        self.doom_parent(RollbackOnly::SavepointLost);
        self.observe(observer::unknown);
        self.discard_queue();
    }

    /// What the caller is told when the commit was refused.
    pub(super) fn refused(&self, refusal: CommitError) -> Error {
        let function = self.site.function;
        match refusal {
            CommitError::Refused(source) | CommitError::RolledBack(source) => {
                Error::Commit { function, source }
            }
            CommitError::Aborted => Error::Aborted { function },
            CommitError::Ended => Error::Ended { function },
            CommitError::Unknown(source) => Error::Unknown { function, source },
        }
    }

    /// Records how a rollback went, and tells observers and handlers.
    pub(super) fn rolled_back(&mut self, result: &Result<(), RollbackError>, cause: Cause) {
        if let Err(RollbackError::Failed(error)) = result {
            observer::rollback_failed(self.site, error);
        }
        self.phase = Phase::Closed;
        if !self.is_known_undone(result) {
            return self.lost_track();
        }
        if result.is_err() {
            self.doom_parent(RollbackOnly::SavepointLost);
        }
        self.undone(cause);
    }

    /// After the future was dropped, and the driver told.
    pub(super) fn abandoned(&mut self, phase: Phase) {
        let cause = if self.frame.panicked {
            Cause::Panic
        } else {
            Cause::Cancelled
        };
        match (self.level, phase) {
            (Level::Joined, _) => self.left(cause),
            (Level::Outermost, Phase::Committing) => self.lost_track(),
            (_, Phase::Draining | Phase::Cleaning) => {}
            (_, Phase::Beginning) => self.doom_parent(RollbackOnly::NestedCancelled),
            _ => {
                self.doom_parent(RollbackOnly::NestedCancelled);
                self.undone(cause);
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
            Ok(()) => true,
            Err(RollbackError::Ended) => self.diagnosis.rolled_back,
            Err(RollbackError::Failed(_)) => false,
        }
    }

    /// For another attempt.
    pub(super) fn reset(&mut self) {
        self.frame.mark = Mark::None;
        self.diagnosis = Diagnosis::default();
        self.id = observer::next_id();
        self.observed = false;
    }

    /// A block that had joined leaves it to the block around it to roll back.
    pub(super) fn left(&mut self, cause: Cause) {
        self.phase = Phase::Closed;
        self.observe(|event| observer::rolled_back(event, cause));
        self.doom_parent(RollbackOnly::Joined(self.site.function));
        self.hand_over();
    }

    /// Tells observers, and keeps what is left for [`tell_handlers`](Self::tell_handlers).
    pub(super) fn undone(&mut self, cause: Cause) {
        self.observe(|event| observer::rolled_back(event, cause));
        let queue = self.take_queue();
        if !queue.is_empty() {
            let (site, nesting) = (self.site, self.nesting());
            let event = RolledBack {
                site,
                nesting,
                cause,
            };
            self.fallout = Some((queue, event));
        }
    }

    /// Runs the handlers of a rollback.
    pub(super) fn tell_handlers(&mut self) {
        if let Some((queue, event)) = self.fallout.take() {
            handlers::roll_back(queue, &event);
        }
    }

    /// What the caller is told when the body returned `Ok` but the block was rolled back.
    pub(super) fn not_committed(
        &self,
        verdict: Option<Error>,
        rolled_back: Result<(), RollbackError>,
    ) -> Result<(), Error> {
        let function = self.site.function;
        match rolled_back {
            Ok(()) => verdict.map_or(Ok(()), Err),
            Err(RollbackError::Ended) => Err(Error::Ended { function }),
            Err(RollbackError::Failed(source)) if self.is_at_mercy() => {
                Err(Error::Rollback { function, source })
            }
            Err(RollbackError::Failed(source)) => {
                Err(verdict.unwrap_or(Error::Rollback { function, source }))
            }
        }
    }

    pub(super) fn handlers_failed(&self, failures: Vec<HandlerFailure>) -> Result<(), Error> {
        if failures.is_empty() {
            return Ok(());
        }
        let function = self.site.function;
        Err(Error::Handlers { function, failures })
    }
}
