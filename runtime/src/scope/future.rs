//! The scope of an async function.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::core::Core;
use super::ending::{Ending, ErrorRef};
use super::level::{self, Level};
use super::returned::{Mistaken, Returned};
use super::running::AsyncRunning;
use super::state::Phase;
use super::steps::{Awaited, Steps};
use super::then::Then;
use crate::attempts::Attempts;
use crate::context::Kind;
use crate::error::{BoxError, Error};
use crate::event::Cause;
use crate::options::Options;
use crate::site::Site;
use crate::test_transaction;
use crate::transaction::{AsyncBegin, AsyncTransaction, CommitError};

/// An open transaction of an async function.
///
/// Dropped while it is open, which happens when its future is dropped or the body panics, it tells
/// the driver to abandon the transaction, without waiting for the server.
#[must_use]
pub struct AsyncScope<T: AsyncTransaction>(pub(super) Core<Awaited<T>>);

impl<T: AsyncTransaction> AsyncScope<T> {
    #[allow(
        clippy::manual_async_fn,
        reason = "an `async fn` would keep room for its arguments twice"
    )]
    pub(crate) fn begin<'p, S, D>(
        source: S,
        place: &'p mut Option<Self>,
        site: &'static Site,
        options: Options,
    ) -> impl Future<Output = Result<&'p mut Self, Error>> + use<'p, S, D, T>
    where
        S: AsyncBegin<D, Transaction = T>,
    {
        async move {
            let mut transaction = source
                .acquire_session()
                .await
                .map_err(|source| level::no_begin(site, source))?;
            let level = if level::is_alone(&mut transaction, &options) {
                level::OUTERMOST
            } else {
                level::look_around(&mut transaction, site, &options)?
            };
            let core = Core::at(level, Awaited(transaction), Kind::Async, site);
            let scope = place.insert(Self(core));
            let Self(core) = &mut *scope;
            let begun = if level.0 == Level::Outermost && core.is_ready() {
                core.steps().0.begin(&options).await
            } else {
                core.open_part(&options).await
            };
            match begun {
                Ok(()) => core.begun(),
                Err(source) => Box::pin(core.begin_again(source, &options)).await?,
            }
            Ok(scope)
        }
    }

    /// Lends the connection to the body, which has to run in the other half.
    pub fn enter(&mut self) -> (T::Handle<'_>, AsyncRunning<'_>) {
        let Self(Core { steps, state }) = self;
        let Some(Awaited(transaction)) = steps else {
            unreachable!("the connection is given back after the last step")
        };
        let frame = state.enter(transaction.connection_id(), transaction.levels());
        (transaction.handle(), AsyncRunning { frame })
    }

    /// Commits what has succeeded, and runs what was deferred; or rolls back because the body failed. Its error is
    /// what the caller gets, after the driver has looked at it.
    #[inline]
    pub(crate) fn end<'s, V, E, L>(
        &'s mut self,
        returned: &'s mut Mistaken<Result<V, E>>,
        look: L,
    ) -> impl Future<Output = Result<Result<V, E>, Error>> + use<'s, T, V, E, L>
    where
        L: FnOnce(&E) -> ErrorRef<'_>,
    {
        let failed = self.0.has_failed(returned.result(), look);
        let ending = self.end_attempt(failed, None);
        Then::new(ending, |ending| match ending {
            Ending::Over(ended) => ended.map(|()| returned.take()),
            Ending::Again => unreachable!("there is one attempt"),
        })
    }

    /// Does as [`end`](Self::end), but a transaction that failed only because of others is begun again, and nothing
    /// returned, while there are attempts left.
    pub(crate) fn end_or_restart<'s, V, E, L>(
        &'s mut self,
        returned: &'s mut Mistaken<Result<V, E>>,
        look: L,
        attempts: &'s mut Attempts,
    ) -> impl Future<Output = Option<Result<Result<V, E>, Error>>> + use<'s, T, V, E, L>
    where
        L: FnOnce(&E) -> ErrorRef<'_>,
    {
        let failed = self.0.has_failed(returned.result(), look);
        let ending = self.end_attempt(failed, Some(attempts));
        Then::new(ending, |ending| match ending {
            Ending::Over(ended) => Some(ended.map(|()| returned.take())),
            Ending::Again => None,
        })
    }

    #[allow(
        clippy::manual_async_fn,
        reason = "an `async fn` would keep room for its arguments twice"
    )]
    fn end_attempt<'s>(
        &'s mut self,
        failed: bool,
        mut attempts: Option<&'s mut Attempts>,
    ) -> impl Future<Output = Ending> + use<'s, T> {
        async move {
            let Self(core) = self;
            if failed {
                return core.failed(attempts).await;
            }
            if !core.state.may_commit() {
                let prepares = core.state.is_unprepared();
                if prepares
                    && let Some(ending) =
                        Box::pin(core.prepare_commit(attempts.as_deref_mut())).await
                {
                    return ending;
                }
                if !prepares || !core.state.is_unobjectionable() {
                    return Ending::Over(core.roll_back_instead().await);
                }
            }
            core.state.committing();
            let kept = if core.state.level() != Level::Outermost {
                core.keep_part().await
            } else if core.is_to_be_seen_to_its_end() {
                core.commit_to_its_end().await
            } else {
                core.steps().0.commit().await
            };
            if let Err(refusal) = kept {
                return Box::pin(core.refused(refusal, attempts)).await;
            }
            if !core.state.level().is_outermost() {
                core.released();
                return Ending::Over(Ok(()));
            }
            core.committed();
            Ending::Over(if core.state.has_calls() {
                core.run_deferred_async().await
            } else {
                Ok(())
            })
        }
    }

    /// Goes on after a commit for which the caller has not waited. Failures are told to observers.
    pub(super) async fn finish_unheard(mut self, committed: Result<(), CommitError>) {
        let Self(core) = &mut self;
        match committed {
            Ok(()) => {
                core.committed();
                core.run_deferred_unheard().await;
            }
            Err(refusal) => drop(core.refused(refusal, None).await),
        }
    }

    /// Commits an error all the same, if it is one of those that do not roll back.
    pub fn no_rollback<V, E, L>(
        &mut self,
        returned: &mut Returned<Result<V, E>, L>,
        is_kept: impl FnOnce(&E) -> bool,
    ) {
        self.0.state.keeps_error = returned.result().as_ref().err().is_some_and(is_kept);
    }
}

impl<T: AsyncTransaction> Drop for AsyncScope<T> {
    #[inline]
    fn drop(&mut self) {
        if self.0.state.phase() != Phase::Closed {
            self.0.abandon();
        }
    }
}

/// The steps of blocks that are a part of something.
impl<T: AsyncTransaction> Core<Awaited<T>> {
    async fn open_part(&mut self, options: &Options) -> Result<(), BoxError> {
        self.prepare().await?;
        let savepoint = self.state.savepoint();
        match self.state.level() {
            Level::Outermost => self.steps().0.begin(options).await,
            Level::Nested | Level::Foreign => self.steps().0.savepoint(&savepoint).await,
            Level::Test => Box::pin(self.begin_in_test()).await,
            Level::Joined => Ok(()),
        }
    }

    async fn keep_part(&mut self) -> Result<(), CommitError> {
        let savepoint = self.state.savepoint();
        match self.state.level() {
            Level::Joined => Ok(()),
            Level::Test => self.release_checked().await,
            Level::Outermost | Level::Nested | Level::Foreign => {
                self.steps().0.release(&savepoint).await
            }
        }
    }
}

impl<T: AsyncTransaction> Core<Awaited<T>> {
    #[cold]
    fn abandon(&mut self) {
        let phase = self.state.phase();
        let draining = matches!(phase, Phase::Draining | Phase::Cleaning);
        if self.state.level() == Level::Test && phase == Phase::Open {
            test_transaction::abandon(self.state.frame().connection(), self.state.savepoint());
        }
        // A panic here, while the thread unwinds, would abort the process.
        let recovers = self.state.level() == Level::Outermost
            && phase.is_step_of_driver()
            && self.owns_connection()
            && self.steps().0.recovers();
        // The rest of the calls has run, and may have left something open.
        if !recovers && (phase != Phase::Draining || self.has_leftover()) {
            let _ = catch_unwind(AssertUnwindSafe(|| self.abandon_transaction()));
        }
        let _ = catch_unwind(AssertUnwindSafe(|| {
            if draining {
                self.state.close();
            } else {
                self.conclude_abandoned(phase);
            }
        }));
        if recovers {
            let _ = catch_unwind(AssertUnwindSafe(|| self.recover()));
        }
        let _ = catch_unwind(AssertUnwindSafe(|| self.release_connection()));
    }

    fn conclude_abandoned(&mut self, phase: Phase) {
        let driver = self.driver();
        let cause = self.state.cause_of_abandoned();
        if self.state.level() == Level::Joined {
            return self.state.leave_joined(cause, driver);
        }
        let steps = self.steps();
        let (undone, closes) = (steps.has_undone(), steps.session().closes_connection());
        let undone_alone = undone && phase == Phase::Open && cause == Cause::Panic;
        if !undone_alone {
            self.state.doom_parent_half_way(cause);
        }
        let fate = self.state.fate_of_abandoned(phase, undone, closes);
        self.state.conclude(fate, cause, driver);
    }
}
