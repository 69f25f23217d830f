//! Everything that leaves the straight line of begin, body and commit, for both forms.

use super::level::{self, Level};
use super::state::{BlockState, Diagnosis, Phase};
use super::steps::Steps;
use super::verdict::{Circumstances, Fate, Undo};
use super::{Ending, ErrorRef};
use crate::attempts::Attempts;
use crate::context::Kind;
use crate::error::{BoxError, Error, RollbackOnly};
use crate::event::Cause;
use crate::observer;
use crate::options::{Options, Unsupported};
use crate::site::Site;
use crate::transaction::{
    Abandoned, CommitError, RollbackError, Session, TransactionStatus as Status,
};

/// A block and its connection.
pub(super) struct Core<S> {
    /// `None` once the connection was given back.
    pub(super) steps: Option<S>,
    pub(super) state: BlockState,
}

impl<S: Steps> Core<S> {
    #[inline]
    pub(super) fn new(
        mut steps: S,
        kind: Kind,
        site: &'static Site,
        options: &Options,
    ) -> Result<Self, Error> {
        let state = BlockState::new(steps.session_mut(), kind, site, options)?;
        let steps = Some(steps);
        Ok(Self { steps, state })
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

    /// Whether nothing has to be done before a step that begins.
    #[inline]
    pub(super) fn is_ready(&mut self) -> bool {
        match self.state.level() {
            Level::Outermost => self.steps().session_mut().status() != Status::Open,
            Level::Nested | Level::Foreign | Level::Joined => true,
            Level::Test => false,
        }
    }

    /// Removes what others have left on the connection.
    pub(super) async fn prepare(&mut self) -> Result<(), BoxError> {
        match self.state.level() {
            Level::Test => self.steps().settle_test().await,
            Level::Outermost if !self.is_ready() => {
                cleaned(self.steps().rollback().await)?;
                observer::leftover_rolled_back(self.driver());
                Ok(())
            }
            Level::Outermost | Level::Nested | Level::Foreign | Level::Joined => Ok(()),
        }
    }

    /// Goes on after a begin that has failed. It has run no body, so its attempts are counted apart.
    pub(super) async fn begin_again(
        &mut self,
        source: BoxError,
        options: &Options,
    ) -> Result<(), Error> {
        let mut attempts = Attempts::of_begin(*options);
        self.retry_begin(source, &mut attempts).await
    }

    /// Begins again as long as the begin is refused only because of others, and an attempt is left.
    async fn retry_begin(
        &mut self,
        mut source: BoxError,
        attempts: &mut Attempts,
    ) -> Result<(), Error> {
        while self.is_outermost_and_transient(&*source) && attempts.again() {
            self.steps().pause(attempts).await;
            match self.open(&attempts.options()).await {
                Ok(()) => return Ok(()),
                Err(again) => source = again,
            }
        }
        Err(self.begin_failed(source).await)
    }

    fn is_outermost_and_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        let session = self.steps.as_ref().map(S::session);
        self.state.level() == Level::Outermost
            && session.is_some_and(|session| session.is_transient(error))
    }

    /// Begins the outermost transaction.
    async fn open(&mut self, options: &Options) -> Result<(), BoxError> {
        self.prepare().await?;
        self.steps().begin(options).await?;
        self.state.begun(self.driver());
        Ok(())
    }

    /// Nothing is open, unless the driver did half of its work.
    async fn begin_failed(&mut self, source: BoxError) -> Error {
        let unsupported = source.downcast_ref::<Unsupported>().copied();
        let outermost = self.state.level() == Level::Outermost;
        if outermost && unsupported.is_none() {
            self.steps().undo_begin().await;
        }
        self.state.close();
        let site = self.state.site();
        match unsupported {
            Some(Unsupported { option, database }) => Error::Unsupported {
                function: site.function,
                option,
                database,
            },
            None if outermost => level::no_begin(site, source),
            None => level::no_savepoint(site, source),
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
                self.lose(Fate::Unknown, Cause::CommitFailed);
                false
            }
            CommitError::Unknown(_) => {
                self.give_up();
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
            self.rollback_failed(&answer);
        }
        self.state.conclude(fate, cause, self.driver());
        Undo { answer, fate }
    }

    fn rollback_failed(&mut self, answer: &Result<(), RollbackError>) {
        self.state.doom_parent(RollbackOnly::SavepointLost);
        if let Err(RollbackError::Failed(error) | RollbackError::Disconnected(error)) = answer {
            self.give_up();
            observer::rollback_failed(self.state.site(), error);
        }
    }

    /// Begins again on the same connection, if an attempt is left.
    async fn restart(&mut self, attempts: Option<&mut Attempts>) -> bool {
        let Some(attempts) = attempts else {
            return false;
        };
        if self.state.level() != Level::Outermost || !attempts.again() {
            return false;
        }
        self.state.run_rollback_handlers();
        self.steps().pause(attempts).await;
        self.state.reopen();
        match self.open(&attempts.options()).await {
            Ok(()) => true,
            Err(source) => self.retry_begin(source, attempts).await.is_ok(),
        }
    }

    /// Gives the connection back, if it is ours to give, and then runs the handlers of a rollback:
    /// they may need it.
    #[inline]
    pub(super) fn release_connection(&mut self) {
        if self.owns_connection() {
            self.steps = None;
        }
        self.state.run_rollback_handlers();
    }

    #[inline]
    fn owns_connection(&self) -> bool {
        self.steps
            .as_ref()
            .is_some_and(|steps| steps.session().owns_connection())
    }

    /// Gives the transaction up without waiting.
    pub(super) fn give_up(&mut self) {
        let abandoned = match (self.state.level(), self.state.phase()) {
            (Level::Outermost, Phase::Open | Phase::Draining) => Abandoned::Open,
            (Level::Outermost, _) => Abandoned::Interrupted,
            (Level::Nested | Level::Foreign | Level::Joined | Level::Test, _) => Abandoned::Nested,
        };
        self.steps().give_up(abandoned);
    }
}

/// A rollback of something that need not be there.
pub(super) fn cleaned(result: Result<(), RollbackError>) -> Result<(), BoxError> {
    match result {
        Ok(()) | Err(RollbackError::Ended) => Ok(()),
        Err(RollbackError::Disconnected(error) | RollbackError::Failed(error)) => Err(error),
    }
}
