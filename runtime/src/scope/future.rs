//! The scope of an async function.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::running::AsyncRunning;
use super::{Diagnosis, Level, Look, Phase, Unit, begin};
use crate::__private::{Mistaken, Returned};
use crate::attempts::Attempts;
use crate::context::Kind;
use crate::error::{BoxError, Error};
use crate::observer;
use crate::options::{Options, Unsupported};
use crate::rehearsal;
use crate::signals::Cause;
use crate::site::Site;
use crate::transaction::{
    Abandoned, AsyncBegin, AsyncTransaction, RollbackError, TransactionStatus,
};

/// An open transaction of an async function.
///
/// Dropped while it is open, which happens when its future is dropped or the body panics, it tells
/// the driver to abandon the transaction, without waiting for the server.
#[must_use]
pub struct AsyncScope<T: AsyncTransaction> {
    /// `None` once the connection was given back.
    pub(super) transaction: Option<T>,
    pub(super) unit: Unit,
}

impl<T: AsyncTransaction> AsyncScope<T> {
    pub(crate) async fn begin<S, D>(
        source: S,
        site: &'static Site,
        options: Options,
    ) -> Result<Self, Error>
    where
        S: AsyncBegin<D, Transaction = T>,
    {
        let mut transaction = source
            .acquire()
            .await
            .map_err(|source| begin::no_begin(site, source))?;
        let unit = Unit::new(&mut transaction, Kind::Async, site, &options)?;
        let mut scope = Self {
            transaction: Some(transaction),
            unit,
        };
        // A begin that is refused has run no body, so it is counted apart.
        let mut attempts = None;
        while let Err(source) = scope.open(&options).await {
            let attempts = attempts.get_or_insert_with(|| Attempts::of_begin(options));
            scope.open_failed(source, attempts).await?;
        }
        Ok(scope)
    }

    async fn open(&mut self, options: &Options) -> Result<(), BoxError> {
        self.unit.phase = Phase::Beginning;
        let (level, savepoint) = (self.unit.level, self.unit.savepoint());
        let transaction = self.transaction();
        match level {
            Level::Outermost => {
                if transaction.status() == TransactionStatus::Open {
                    begin::cleaned(transaction.rollback().await)?;
                }
                transaction.begin(options).await?;
            }
            Level::Nested => transaction.savepoint(&savepoint).await?,
            Level::Rehearsal => {
                rehearsal::settle(transaction).await?;
                transaction.savepoint(&savepoint).await?;
            }
            Level::Joined => {}
        }
        if self.unit.begun() {
            self.unit.observe(self.driver(), observer::begun);
        }
        Ok(())
    }

    /// Waits for another attempt, if the begin was refused only because of others and one is left.
    async fn open_failed(
        &mut self,
        source: BoxError,
        attempts: &mut Attempts,
    ) -> Result<(), Error> {
        let transient = self.unit.level.is_outermost() && self.transaction().is_transient(&*source);
        if !(transient && attempts.again()) {
            return Err(self.begin_failed(source));
        }
        drop(source);
        attempts.pause_async().await;
        Ok(())
    }

    /// The outermost transaction may be open all the same, unless the driver refused before it sent
    /// anything.
    fn begin_failed(&mut self, source: BoxError) -> Error {
        if !matches!(self.unit.level, Level::Outermost) || source.is::<Unsupported>() {
            self.unit.phase = Phase::Closed;
        }
        self.unit.begin_failed(source)
    }

    /// For observers, of which none hears once the connection is given back.
    pub(super) fn driver(&self) -> &'static str {
        self.transaction.as_ref().map_or("", T::driver)
    }

    pub(super) fn transaction(&mut self) -> &mut T {
        match &mut self.transaction {
            Some(transaction) => transaction,
            None => unreachable!("the connection is given back after the last step"),
        }
    }

    /// Lends the connection to the body, which has to run in the other half.
    pub fn enter(&mut self) -> (T::Handle<'_>, AsyncRunning<'_>) {
        let Some(transaction) = &mut self.transaction else {
            unreachable!("the connection is given back after the last step")
        };
        // Only from here on is the connection sure to stay where it is.
        self.unit.frame.follow(transaction.connection_id());
        let running = AsyncRunning {
            frame: &mut self.unit.frame,
        };
        (transaction.handle(), running)
    }

    /// Commits what has succeeded, and runs what was deferred; or rolls back because the body failed. Its error is
    /// what the caller gets, after the driver has looked at it.
    pub(crate) async fn end<V, E>(
        &mut self,
        returned: &mut Mistaken<Result<V, E>>,
        look: impl FnOnce(&E) -> Look<'_>,
    ) -> Result<Result<V, E>, Error> {
        match returned.result() {
            Err(error) if !self.unit.spared => {
                self.diagnose(look(error));
                self.rollback().await;
            }
            _ => self.commit().await?,
        }
        Ok(returned.take())
    }

    /// As [`end`](Self::end), but a transaction that failed only because of others is begun again, and nothing
    /// returned, while there are attempts left.
    pub(crate) async fn end_or_restart<V, E>(
        &mut self,
        returned: &mut Mistaken<Result<V, E>>,
        look: impl FnOnce(&E) -> Look<'_>,
        attempts: &mut Attempts,
    ) -> Option<Result<Result<V, E>, Error>> {
        let restarted = match returned.result() {
            Err(error) if !self.unit.spared => {
                self.diagnose(look(error));
                self.rollback_or_restart(attempts).await
            }
            _ => match self.commit_or_restart(attempts).await {
                Ok(restarted) => restarted,
                Err(error) => return Some(Err(error)),
            },
        };
        (!restarted).then(|| Ok(returned.take()))
    }

    /// Commits an error all the same, if it is spared.
    pub fn no_rollback<V, E, L>(
        &mut self,
        returned: &mut Returned<Result<V, E>, L>,
        is_spared: impl FnOnce(&E) -> bool,
    ) {
        self.unit.spared = returned.result().as_ref().err().is_some_and(is_spared);
    }

    async fn commit(&mut self) -> Result<(), Error> {
        let finished = self.finish().await;
        self.let_go();
        finished
    }

    /// Says whether it has begun again.
    async fn commit_or_restart(&mut self, attempts: &mut Attempts) -> Result<bool, Error> {
        let finished = self.finish().await;
        if let Err(error) = &finished
            && self.is_transient(error)
            && self.restart(attempts).await
        {
            return Ok(true);
        }
        self.let_go();
        finished.map(|()| false)
    }

    /// Whether a commit was refused only because of others.
    fn is_transient(&self, error: &Error) -> bool {
        match (error, &self.transaction) {
            (Error::Commit { source, .. }, Some(transaction)) => {
                self.unit.level.is_outermost() && transaction.is_transient(&**source)
            }
            _ => false,
        }
    }

    fn diagnose(&mut self, error: Look<'_>) {
        if let (Some(error), Some(transaction)) = (error, &self.transaction) {
            self.unit.diagnosis = Diagnosis::of(transaction, error);
        }
    }

    async fn rollback(&mut self) {
        let _reported = self.undo(Cause::Error).await;
        self.let_go();
    }

    /// Says whether it has begun again.
    async fn rollback_or_restart(&mut self, attempts: &mut Attempts) -> bool {
        let rolled_back = self.undo(Cause::Error).await;
        let restarted = self.unit.may_restart(&rolled_back) && self.restart(attempts).await;
        if !restarted {
            self.let_go();
        }
        restarted
    }

    /// Begins again on the same connection, if an attempt is left.
    async fn restart(&mut self, attempts: &mut Attempts) -> bool {
        if !attempts.again() {
            return false;
        }
        self.unit.tell_handlers();
        attempts.pause_async().await;
        self.unit.reset();
        let options = attempts.options();
        while let Err(source) = self.open(&options).await {
            if self.open_failed(source, attempts).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Gives the connection back, if it is ours to give, and then runs the handlers of a rollback:
    /// they may need it.
    pub(super) fn let_go(&mut self) {
        if self.owns_connection() {
            self.transaction = None;
        }
        self.unit.tell_handlers();
    }

    fn owns_connection(&self) -> bool {
        self.transaction.as_ref().is_some_and(T::owns_connection)
    }

    pub(super) async fn undo(&mut self, cause: Cause) -> Result<(), RollbackError> {
        self.unit.phase = Phase::RollingBack;
        let (level, savepoint) = (self.unit.level, self.unit.savepoint());
        let result = match level {
            Level::Outermost => self.transaction().rollback().await,
            Level::Nested | Level::Rehearsal => self.transaction().rollback_to(&savepoint).await,
            Level::Joined => {
                self.unit.left(cause, self.driver());
                return Ok(());
            }
        };
        if matches!(result, Err(RollbackError::Failed(_))) {
            self.close();
        }
        self.unit.rolled_back(&result, cause, self.driver());
        result
    }

    /// Gives up a transaction without waiting.
    pub(super) fn close(&mut self) {
        let abandoned = match (self.unit.level, self.unit.phase) {
            (Level::Nested | Level::Joined | Level::Rehearsal, _) => Abandoned::Nested,
            (Level::Outermost, Phase::Open | Phase::Draining) => Abandoned::Open,
            (Level::Outermost, _) => Abandoned::Interrupted,
        };
        self.unit.phase = Phase::Closed;
        if let Some(transaction) = &mut self.transaction {
            transaction.abandon(abandoned);
        }
    }
}

impl<T: AsyncTransaction> Drop for AsyncScope<T> {
    #[inline]
    fn drop(&mut self) {
        if self.unit.phase != Phase::Closed {
            self.abandon();
        }
    }
}

impl<T: AsyncTransaction> AsyncScope<T> {
    #[cold]
    fn abandon(&mut self) {
        let phase = self.unit.phase;
        // The rest of the calls has run, and may have left something open.
        if phase == Phase::Draining && !self.has_leftover() {
            return;
        }
        if let (Level::Rehearsal, Phase::Open) = (self.unit.level, phase) {
            rehearsal::abandon(self.unit.frame.connection(), self.unit.savepoint());
        }
        // This may run while the thread unwinds, when a second panic would abort the process.
        let _ = catch_unwind(AssertUnwindSafe(|| self.close()));
        let _ = catch_unwind(AssertUnwindSafe(|| {
            self.unit.abandoned(phase, self.driver());
        }));
        let _ = catch_unwind(AssertUnwindSafe(|| self.let_go()));
    }
}
