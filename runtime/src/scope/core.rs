//! Everything that leaves the straight line of begin, body and commit, for both forms.

use super::ending::{Ending, ErrorRef};
use super::level::{Level, Place};
use super::state::{BlockState, Diagnosis, Phase};
use super::steps::Steps;
use super::verdict::{Circumstances, Fate, Undo};
use crate::attempts::Attempts;
use crate::context::Kind;
use crate::error::{Error, RollbackOnly};
use crate::event::Cause;
use crate::observer::{self, Event};
use crate::site::Site;
use crate::transaction::{Abandoned, CommitError, RollbackError, Session};

/// A block and its connection.
pub(super) struct Core<S> {
    /// `None` once the connection was given back.
    pub(super) steps: Option<S>,
    pub(super) state: BlockState,
}

impl<S: Steps> Core<S> {
    #[inline]
    pub(super) fn at(place: Place, mut steps: S, kind: Kind, site: &'static Site) -> Self {
        let connection = steps.session_mut().connection_id();
        let state = BlockState::at(place, connection, kind, site);
        let steps = Some(steps);
        Self { steps, state }
    }

    #[inline]
    pub(super) fn steps(&mut self) -> &mut S {
        match &mut self.steps {
            Some(steps) => steps,
            None => unreachable!("the connection is given back after the last step"),
        }
    }

    /// The driver's name, for observers. None of them hears once the connection is given back.
    pub(super) fn driver(&self) -> &'static str {
        self.steps
            .as_ref()
            .map_or("", |steps| steps.session().driver())
    }

    /// After begin or savepoint.
    #[inline]
    pub(super) fn begun(&mut self) {
        let Self { steps, state } = self;
        if let Some(steps) = steps {
            state.begun(steps.session());
        }
    }

    /// Tells observers of the end of a block of which they have heard the begin.
    #[inline]
    pub(super) fn observe(&self, tell: impl FnOnce(&Event)) {
        if self.state.is_loaded() && self.state.is_observed() {
            self.state.observe(self.driver(), tell);
        }
    }

    /// Whether the body has returned an error that rolls back; then the driver has looked at it.
    #[inline]
    pub(super) fn has_failed<V, E>(
        &mut self,
        result: &Result<V, E>,
        look: impl FnOnce(&E) -> ErrorRef<'_>,
    ) -> bool {
        match result {
            Err(error) if !self.state.keeps_error => {
                self.diagnose(look(error));
                true
            }
            _ => false,
        }
    }

    /// Has the driver look at the error behind a rollback.
    pub(super) fn diagnose(&mut self, error: ErrorRef<'_>) {
        if let (Some(error), Some(steps)) = (error, &self.steps) {
            self.state.diagnosis = Diagnosis::of(steps.session(), error);
        }
    }

    /// Ends a block whose body has returned an error, which is what the caller gets.
    pub(super) async fn failed(&mut self, attempts: Option<&mut Attempts>) -> Ending {
        let undo = self.roll_back(Cause::Error).await;
        if undo.is_repeatable() && self.state.diagnosis.transient && self.restart(attempts).await {
            return Ending::Again;
        }
        self.release_connection();
        Ending::Over(Ok(()))
    }

    /// Ends a block whose body has returned `Ok` and that must not commit.
    pub(super) async fn roll_back_instead(&mut self) -> Result<(), Error> {
        let pending = self.state.waiting_for_commit();
        let undo = self.roll_back(self.state.cause()).await;
        let objection = self.state.objection(pending);
        self.release_connection();
        self.state.not_committed(objection, undo)
    }

    /// Ends a block whose commit, or release, was not acknowledged.
    pub(super) async fn refused(
        &mut self,
        refusal: CommitError,
        attempts: Option<&mut Attempts>,
    ) -> Ending {
        self.diagnose_refusal(&refusal);
        let repeatable = match &refusal {
            CommitError::Refused(_) | CommitError::Aborted => {
                self.state.still_open();
                let undo = self.roll_back(Cause::CommitFailed).await;
                if !undo.is_repeatable() {
                    self.release_connection();
                    let refused = self.state.refused(refusal);
                    return Ending::Over(self.state.not_committed(Some(refused), undo));
                }
                true
            }
            CommitError::RolledBack(_) => {
                self.lose(Fate::Undone, Cause::CommitFailed);
                true
            }
            CommitError::Ended => {
                self.give_up();
                self.lose(Fate::Unknown, Cause::CommitFailed);
                false
            }
            CommitError::Unknown(_) => {
                self.abandon_transaction();
                self.lose(Fate::Unknown, Cause::CommitFailed);
                false
            }
        };
        if repeatable && self.state.diagnosis.transient && self.restart(attempts).await {
            return Ending::Again;
        }
        self.release_connection();
        Ending::Over(Err(self.state.refused(refusal)))
    }

    /// Does what is to be done before the commit. Returns the end of a block that does not get there.
    pub(super) async fn prepare_commit(
        &mut self,
        attempts: Option<&mut Attempts>,
    ) -> Option<Ending> {
        let failed = self.state.run_before_commit().await.err()?;
        let refusal = CommitError::Refused(failed.into());
        Some(self.refused(refusal, attempts).await)
    }

    /// A statement that was swallowed hides whether it failed only because of others, so that is assumed.
    fn diagnose_refusal(&mut self, refusal: &CommitError) {
        match refusal {
            CommitError::Refused(error) | CommitError::RolledBack(error) => {
                self.diagnose(Some(&**error));
            }
            CommitError::Aborted => self.state.diagnosis.transient = true,
            CommitError::Ended | CommitError::Unknown(_) => {}
        }
    }

    /// After the commit of an outermost block. Gives the connection back, if it is ours to give.
    #[inline]
    pub(super) fn committed(&mut self) {
        self.state.committed();
        self.observe(observer::committed);
        self.give_back();
    }

    /// After the release of a savepoint, or the end of a block that had joined.
    #[inline]
    pub(super) fn released(&mut self) {
        self.state.close();
        self.observe(observer::released);
        self.state.hand_over();
    }

    /// Concludes without a rollback, as nothing is open that could be rolled back.
    pub(super) fn lose(&mut self, fate: Fate, cause: Cause) {
        self.state.doom_parent(RollbackOnly::SavepointLost);
        self.state.conclude(fate, cause, self.driver());
    }

    /// Releases the savepoint of a block in a test, unless a commit would be refused.
    pub(super) async fn release_checked(&mut self) -> Result<(), CommitError> {
        let savepoint = self.state.savepoint();
        self.steps().check().await?;
        self.steps().release(&savepoint).await
    }

    /// Asks the driver to undo the block, and concludes it.
    pub(super) async fn roll_back(&mut self, cause: Cause) -> Undo {
        let savepoint = self.state.savepoint();
        let (before, answer) = match self.state.level() {
            Level::Joined => {
                self.state.leave_joined(cause, self.driver());
                return Undo {
                    answer: Ok(()),
                    fate: Fate::Undone,
                };
            }
            Level::Outermost => (self.state.rolling_back(), self.steps().rollback().await),
            Level::Nested | Level::Foreign | Level::Test => (
                self.state.rolling_back(),
                self.steps().rollback_to(&savepoint).await,
            ),
        };
        let circumstances = Circumstances {
            cause,
            before,
            closes: self.steps().session().closes_connection(),
        };
        let fate = self.state.fate(&answer, circumstances);
        if answer.is_err() {
            self.rollback_failed(&answer, fate);
        }
        self.state.conclude(fate, cause, self.driver());
        Undo { answer, fate }
    }

    fn rollback_failed(&mut self, answer: &Result<(), RollbackError>, fate: Fate) {
        self.state.doom_parent(RollbackOnly::SavepointLost);
        match answer {
            Err(RollbackError::Failed(error) | RollbackError::Disconnected(error)) => {
                self.abandon_transaction();
                observer::rollback_failed(self.state.id(), self.state.site(), error);
            }
            Err(RollbackError::Ended) if fate == Fate::Unknown => self.give_up(),
            Err(RollbackError::Ended) | Ok(()) => {}
        }
    }

    /// Gives up a connection of which nobody knows what is open on it, unless somebody else has it as well.
    fn give_up(&mut self) {
        if self.state.level() == Level::Outermost && self.owns_connection() {
            self.abandon_transaction();
        }
    }

    /// Gives the connection back, if it is ours to give, and then runs the handlers of a block that did not commit:
    /// they may need it.
    #[inline]
    pub(super) fn release_connection(&mut self) {
        self.give_back();
        self.state.tell_handlers();
    }

    #[inline]
    fn give_back(&mut self) {
        if self.owns_connection() {
            self.steps = None;
        }
    }

    #[inline]
    pub(super) fn owns_connection(&self) -> bool {
        self.steps
            .as_ref()
            .is_some_and(|steps| steps.session().owns_connection())
    }

    /// Gives the transaction up without waiting.
    pub(super) fn abandon_transaction(&mut self) {
        let abandoned = match (self.state.level(), self.state.phase()) {
            (Level::Outermost, Phase::Open | Phase::Draining) => Abandoned::Open,
            (Level::Outermost, _) => Abandoned::Interrupted,
            (Level::Nested | Level::Foreign | Level::Joined | Level::Test, _) => Abandoned::Nested,
        };
        self.steps().abandon(abandoned);
    }
}
