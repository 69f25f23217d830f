//! The scope of a sync function.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::core::Core;
use super::ending::{Ending, ErrorRef};
use super::level::{self, Level};
use super::returned::Returned;
use super::running::Running;
use super::state::Phase;
use super::steps::Blocking;
use super::verdict::Fate;
use crate::at_once::at_once;
use crate::attempts::Attempts;
use crate::context::Kind;
use crate::error::{BoxError, Error};
use crate::event::Cause;
use crate::options::Options;
use crate::site::Site;
use crate::transaction::{Begin, CommitError, Transaction};

/// An open transaction of a sync function.
///
/// Dropped while it is open, which happens when the body panics, it rolls back.
#[must_use]
pub struct Scope<T: Transaction>(Core<Blocking<T>>);

impl<T: Transaction> Scope<T> {
    #[inline]
    pub(crate) fn begin<S, D>(
        source: S,
        site: &'static Site,
        options: Options,
    ) -> Result<Self, Error>
    where
        S: Begin<D, Transaction = T>,
    {
        let mut transaction = source
            .acquire_session()
            .map_err(|source| level::no_begin(site, source))?;
        if level::is_alone(&mut transaction, &options) {
            let core = Core::at(level::OUTERMOST, Blocking(transaction), Kind::Sync, site);
            Self(core).open(Ok(()), &options)
        } else {
            Self::begin_among_others(transaction, site, &options)
        }
    }

    #[inline(never)]
    fn begin_among_others(
        mut transaction: T,
        site: &'static Site,
        options: &Options,
    ) -> Result<Self, Error> {
        let level = level::look_around(&mut transaction, site, options)?;
        let mut core = Core::at(level, Blocking(transaction), Kind::Sync, site);
        let prepared = at_once(core.prepare());
        Self(core).open(prepared, options)
    }

    #[inline]
    fn open(mut self, prepared: Result<(), BoxError>, options: &Options) -> Result<Self, Error> {
        let Self(core) = &mut self;
        let begun = prepared.and_then(|()| {
            let (level, savepoint) = (core.state.level(), core.state.savepoint());
            let Blocking(transaction) = core.steps();
            match level {
                Level::Outermost => transaction.begin(options),
                Level::Nested | Level::Foreign => transaction.savepoint(&savepoint),
                Level::Test => at_once(core.begin_in_test()),
                Level::Joined => Ok(()),
            }
        });
        match begun {
            Ok(()) => core.begun(),
            Err(source) => core.begin_again_now(source, options)?,
        }
        Ok(self)
    }

    /// Lends the connection to the body, which has to run in the other half.
    pub fn enter(&mut self) -> (T::Handle<'_>, Running<'_>) {
        let Self(Core { steps, state }) = self;
        let Some(Blocking(transaction)) = steps else {
            unreachable!("the connection is given back after the last step")
        };
        let frame = state.enter(transaction.connection_id(), transaction.levels());
        (transaction.handle(), Running { frame })
    }

    /// Commits what has succeeded, and runs what was deferred; or rolls back because the body failed. Its error is
    /// what the caller gets, after the driver has looked at it.
    #[allow(
        clippy::inline_always,
        reason = "a value is not moved to its end and back"
    )]
    #[inline(always)]
    pub(crate) fn end<V, E>(
        &mut self,
        result: Result<V, E>,
        look: impl FnOnce(&E) -> ErrorRef<'_>,
    ) -> Result<Result<V, E>, Error> {
        match self.end_attempt(&result, look, None) {
            Ending::Over(ended) => ended.map(|()| result),
            Ending::Again => unreachable!("there is one attempt"),
        }
    }

    /// Does as [`end`](Self::end), but a transaction that failed only because of others is begun again, and nothing
    /// returned, while there are attempts left.
    pub(crate) fn end_or_restart<V, E>(
        &mut self,
        result: Result<V, E>,
        look: impl FnOnce(&E) -> ErrorRef<'_>,
        attempts: &mut Attempts,
    ) -> Option<Result<Result<V, E>, Error>> {
        match self.end_attempt(&result, look, Some(attempts)) {
            Ending::Over(ended) => Some(ended.map(|()| result)),
            Ending::Again => None,
        }
    }

    #[allow(
        clippy::inline_always,
        reason = "a value is not moved to its end and back"
    )]
    #[inline(always)]
    fn end_attempt<V, E>(
        &mut self,
        result: &Result<V, E>,
        look: impl FnOnce(&E) -> ErrorRef<'_>,
        attempts: Option<&mut Attempts>,
    ) -> Ending {
        if self.0.has_failed(result, look) {
            self.0.failed_now(attempts)
        } else {
            self.commit(attempts)
        }
    }

    #[allow(
        clippy::inline_always,
        reason = "a value is not moved to its end and back"
    )]
    #[inline(always)]
    fn commit(&mut self, mut attempts: Option<&mut Attempts>) -> Ending {
        let Self(core) = self;
        if !core.state.may_commit()
            && let Some(ending) = core.prepare_now(attempts.as_deref_mut())
        {
            return ending;
        }
        core.state.committing();
        if core.state.level() != Level::Outermost {
            return core.keep_part(attempts);
        }
        if let Err(refusal) = core.steps().0.commit() {
            return core.refused_now(refusal, attempts);
        }
        core.committed();
        Ending::Over(core.run_deferred())
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

impl<T: Transaction> Drop for Scope<T> {
    #[inline]
    fn drop(&mut self) {
        if self.0.state.phase() != Phase::Closed {
            self.unwind();
        }
    }
}

impl<T: Transaction> Scope<T> {
    #[cold]
    fn unwind(&mut self) {
        let Self(core) = self;
        // This may run while the thread unwinds, when a second panic would abort the process.
        match core.state.phase() {
            // The driver has panicked on what a deferred call has left open.
            Phase::Draining | Phase::Cleaning => core.state.close(),
            _ => {
                let undone = catch_unwind(AssertUnwindSafe(|| {
                    drop(at_once(core.roll_back(Cause::Panic)));
                }));
                if undone.is_err() {
                    let _ = catch_unwind(AssertUnwindSafe(|| core.lose_after_panic()));
                }
            }
        }
        let _ = catch_unwind(AssertUnwindSafe(|| core.release_connection()));
        core.state.discard_queue();
    }
}

/// The steps beside the straight line, out of the way of its registers.
impl<T: Transaction> Core<Blocking<T>> {
    /// Does what is to be done before the commit. Returns the end of a block that does not get there.
    #[inline(never)]
    fn prepare_now(&mut self, attempts: Option<&mut Attempts>) -> Option<Ending> {
        let prepares = self.state.is_unprepared();
        if prepares && let Some(ending) = at_once(self.prepare_commit(attempts)) {
            return Some(ending);
        }
        if prepares && self.state.is_unobjectionable() {
            return None;
        }
        Some(Ending::Over(at_once(self.roll_back_instead())))
    }

    /// Ends a block that is a part of something.
    #[inline(never)]
    fn keep_part(&mut self, attempts: Option<&mut Attempts>) -> Ending {
        let savepoint = self.state.savepoint();
        let level = self.state.level();
        let kept = match level {
            Level::Joined => Ok(()),
            Level::Test => at_once(self.release_checked()),
            Level::Outermost | Level::Nested | Level::Foreign => self.steps().0.release(&savepoint),
        };
        if let Err(refusal) = kept {
            return self.refused_now(refusal, attempts);
        }
        if level != Level::Test {
            self.released();
            return Ending::Over(Ok(()));
        }
        self.committed();
        Ending::Over(self.run_deferred())
    }

    #[cold]
    #[inline(never)]
    fn begin_again_now(&mut self, source: BoxError, options: &Options) -> Result<(), Error> {
        at_once(self.begin_again(source, options))
    }

    #[cold]
    #[inline(never)]
    fn refused_now(&mut self, refusal: CommitError, attempts: Option<&mut Attempts>) -> Ending {
        at_once(self.refused(refusal, attempts))
    }

    #[cold]
    #[inline(never)]
    fn failed_now(&mut self, attempts: Option<&mut Attempts>) -> Ending {
        at_once(self.failed(attempts))
    }

    /// The driver has panicked twice.
    fn lose_after_panic(&mut self) {
        self.lose(Fate::Unknown, Cause::Panic);
        self.abandon_transaction();
    }
}
