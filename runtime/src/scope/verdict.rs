//! The verdict on a block: whether it may commit, and what became of it. Caller, observers and handlers hear of the same one.

use super::level::Level;
use super::state::{BlockState, Phase, Untold};
use crate::context::MustRollBack;
use crate::error::{
    BoxError, Error, FailedBefore, HandlerFailure, Reason, RefusedAndOpen, RollbackOnly,
};
use crate::event::Cause;
use crate::observer;
use crate::site::Site;
use crate::transaction::{CommitError, RollbackError};

/// The fate of a block that did not commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing of it is stored, or will be.
    Undone,
    /// The block may be stored, or be stored later.
    Unknown,
}

/// A rollback: the driver's answer, and what follows from it.
pub(super) struct Undo {
    pub(super) answer: Result<(), RollbackError>,
    pub(super) fate: Fate,
}

impl Undo {
    /// Whether the connection can be used for another attempt.
    pub(super) fn is_repeatable(&self) -> bool {
        let works = matches!(self.answer, Ok(()) | Err(RollbackError::Ended));
        works && self.fate == Fate::Undone
    }
}

/// The circumstances of a rollback that was asked for.
#[derive(Clone, Copy)]
pub(super) struct Circumstances {
    pub(super) cause: Cause,
    /// The step that was under way before.
    pub(super) before: Phase,
    /// Whether a connection that is given up is closed.
    pub(super) closes: bool,
}

impl BlockState {
    /// Whether nothing speaks against the commit of a block whose body returned `Ok`, and nothing is to be done before.
    #[inline]
    pub(super) fn may_commit(&self) -> bool {
        !self.frame().is_loaded() || self.is_ready()
    }

    #[inline(never)]
    fn is_ready(&self) -> bool {
        !self.is_unprepared() && self.is_unobjectionable()
    }

    /// Whether nothing speaks against its commit but what is to be done before it.
    #[inline]
    pub(super) fn is_unobjectionable(&self) -> bool {
        self.frame().pending.must_roll_back.is_none() && !self.would_lose_calls()
    }

    /// Whether calls wait in a savepoint of a transaction that somebody else has opened.
    fn would_lose_calls(&self) -> bool {
        self.level() == Level::Foreign && self.waiting_for_commit() > 0
    }

    /// The objection to a commit. There is none where a rollback was asked for, or where the body's own error says more.
    pub(super) fn objection(&self, pending: usize) -> Option<Error> {
        let site = self.site();
        let reason = match self.frame().pending.must_roll_back.map(MustRollBack::only) {
            _ if self.keeps_error => return None,
            Some(None) => return None,
            Some(Some(why)) => Reason::RollbackOnly(site, why),
            None => Reason::NotOwned { site, pending },
        };
        Some(reason.into())
    }

    /// Why a block that may not commit is rolled back.
    pub(super) fn cause(&self) -> Cause {
        match self.frame().pending.must_roll_back {
            Some(MustRollBack::Requested) => Cause::Requested,
            Some(MustRollBack::Only(_) | MustRollBack::Storing(_)) | None => Cause::CommitFailed,
        }
    }

    /// The fate of a block that the driver was asked to roll back.
    pub(super) fn fate(
        &self,
        answer: &Result<(), RollbackError>,
        Circumstances {
            cause,
            before,
            closes,
        }: Circumstances,
    ) -> Fate {
        let commit_sent = before == Phase::Committing;
        let undone = match answer {
            Ok(()) => true,
            Err(RollbackError::Ended) => self.diagnosis.rolled_back,
            Err(RollbackError::Disconnected(_)) => !commit_sent,
            // A transaction goes with its connection. But a rollback that was asked for is done when it is acknowledged.
            Err(RollbackError::Failed(_)) => {
                let gone = self.level() == Level::Outermost && closes;
                gone && !commit_sent && cause != Cause::Requested
            }
        };
        if undone { Fate::Undone } else { Fate::Unknown }
    }

    /// The fate of a block that was abandoned, after the driver was told.
    pub(super) fn fate_of_abandoned(&self, phase: Phase, undone: bool, closes: bool) -> Fate {
        let undone = match (self.level(), phase) {
            (Level::Outermost, Phase::RollingBack) => closes,
            (Level::Outermost | Level::Test, Phase::Committing) => false,
            (Level::Foreign, _) => undone,
            // The block goes with the one around it, which can only be rolled back.
            (Level::Nested | Level::Joined | Level::Outermost | Level::Test, _) => true,
        };
        if undone { Fate::Undone } else { Fate::Unknown }
    }

    /// Why a scope was dropped while it was open.
    pub(super) fn cause_of_abandoned(&self) -> Cause {
        if self.frame().has_panicked() {
            Cause::Panic
        } else {
            Cause::Cancelled
        }
    }

    /// Makes the block around one that was abandoned half-way roll back.
    pub(super) fn doom_parent_half_way(&self, cause: Cause) {
        self.doom_parent(match cause {
            Cause::Panic => RollbackOnly::NestedPanicked,
            _ => RollbackOnly::NestedCancelled,
        });
    }

    /// Closes a block that did not commit: observers are told now, handlers once the connection is given back.
    pub(super) fn conclude(&mut self, fate: Fate, cause: Cause, driver: &'static str) {
        self.close();
        match fate {
            Fate::Undone => {
                self.observe(driver, |event| observer::rolled_back(event, cause));
                self.remember(Untold::RolledBack(cause));
            }
            Fate::Unknown => {
                self.observe(driver, observer::unknown);
                self.discard_all_but_last();
                self.remember(Untold::Unknown);
            }
        }
    }

    /// Closes a block that had joined the one around it, and leaves the rollback to that one.
    pub(super) fn leave_joined(&mut self, cause: Cause, driver: &'static str) {
        self.close();
        self.observe(driver, |event| observer::rolled_back(event, cause));
        self.doom_parent(RollbackOnly::Joined { site: self.site() });
        self.hand_over();
    }

    /// The caller's error when the commit was refused.
    pub(super) fn refused(&self, refusal: CommitError) -> Error {
        let site = self.site();
        let reason = match refusal {
            CommitError::Refused(source) | CommitError::RolledBack(source) => {
                commit_refused(site, source)
            }
            CommitError::Aborted => Reason::Aborted(site),
            CommitError::Ended => Reason::Ended(site),
            CommitError::Unknown(source) => Reason::Unknown(site, source),
        };
        reason.into()
    }

    /// The caller's result when the body returned `Ok` but the block was rolled back.
    pub(super) fn not_committed(&self, objection: Option<Error>, undo: Undo) -> Result<(), Error> {
        let site = self.site();
        match (undo.fate, undo.answer) {
            _ if self.keeps_error && objection.is_none() => Ok(()),
            (Fate::Undone, _) => objection.map_or(Ok(()), Err),
            (
                Fate::Unknown,
                Err(RollbackError::Failed(rollback) | RollbackError::Disconnected(rollback)),
            ) => Err(Reason::Rollback(site, both(objection, rollback)).into()),
            (Fate::Unknown, Ok(()) | Err(RollbackError::Ended)) => Err(Reason::Ended(site).into()),
        }
    }

    pub(super) fn handlers_failed(&self, failures: Vec<HandlerFailure>) -> Result<(), Error> {
        if failures.is_empty() {
            return Ok(());
        }
        Err(Reason::Handlers(self.site(), failures).into())
    }
}

/// The database refused the commit, or a call before it failed.
fn commit_refused(site: &'static Site, source: BoxError) -> Reason {
    match source.downcast::<FailedBefore>() {
        Ok(failed) => {
            let FailedBefore { location, source } = *failed;
            Reason::BeforeCommit {
                site,
                location,
                source,
            }
        }
        Err(source) => Reason::Commit(site, source),
    }
}

/// A rollback that failed, behind the reason for it, if there is one to be told.
fn both(refusal: Option<Error>, rollback: BoxError) -> BoxError {
    match refusal {
        None => rollback,
        Some(refusal) => RefusedAndOpen { refusal, rollback }.into(),
    }
}
