//! The scope of a sync function.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::running::Running;
use super::{Diagnosis, Level, Look, Phase, Unit, begin};
use crate::__private::Returned;
use crate::attempts::Attempts;
use crate::context::Kind;
use crate::error::{BoxError, Error};
use crate::observer;
use crate::options::Options;
use crate::signals::Cause;
use crate::site::Site;
use crate::transaction::{Begin, RollbackError, Transaction, TransactionStatus};

/// An open transaction of a sync function.
///
/// Dropped while it is open, which happens when the body panics, it rolls back.
#[must_use]
pub struct Scope<T: Transaction> {
    /// `None` once the connection was given back.
    pub(super) transaction: Option<T>,
    pub(super) unit: Unit,
}

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
            .acquire()
            .map_err(|source| begin::no_begin(site, source))?;
        let unit = Unit::new(&mut transaction, Kind::Sync, site, &options)?;
        let mut scope = Self {
            transaction: Some(transaction),
            unit,
        };
        // A begin that is refused has run no body, so it is counted apart.
        let mut attempts = None;
        while let Err(source) = scope.open(&options) {
            let attempts = attempts.get_or_insert_with(|| Attempts::of_begin(options));
            scope.open_failed(source, attempts)?;
        }
        Ok(scope)
    }

    #[inline]
    fn open(&mut self, options: &Options) -> Result<(), BoxError> {
        self.unit.phase = Phase::Beginning;
        let (level, savepoint) = (self.unit.level, self.unit.savepoint());
        let transaction = self.transaction();
        match level {
            Level::Outermost => {
                if transaction.status() == TransactionStatus::Open {
                    begin::cleaned(transaction.rollback())?;
                }
                transaction.begin(options)?;
            }
            Level::Nested | Level::Rehearsal => transaction.savepoint(&savepoint)?,
            Level::Joined => {}
        }
        if self.unit.begun() {
            self.unit.observe(self.driver(), observer::begun);
        }
        Ok(())
    }

    /// Waits for another attempt, if the begin was refused only because of others and one is left.
    #[cold]
    fn open_failed(&mut self, source: BoxError, attempts: &mut Attempts) -> Result<(), Error> {
        let transient = self.unit.level.is_outermost() && self.transaction().is_transient(&*source);
        if !(transient && attempts.again()) {
            return Err(self.begin_failed(source));
        }
        std::thread::sleep(attempts.pause());
        Ok(())
    }

    /// Nothing is open, unless the driver did half of its work.
    #[cold]
    fn begin_failed(&mut self, source: BoxError) -> Error {
        self.unit.phase = Phase::Closed;
        if matches!(self.unit.level, Level::Outermost) {
            let transaction = self.transaction();
            if transaction.status() == TransactionStatus::Open {
                let _ = transaction.rollback();
            }
            transaction.discard();
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
    pub fn enter(&mut self) -> (T::Handle<'_>, Running<'_>) {
        let Some(transaction) = &mut self.transaction else {
            unreachable!("the connection is given back after the last step")
        };
        // Only from here on is the connection sure to stay where it is.
        self.unit.frame.follow(transaction.connection_id());
        let running = Running {
            frame: &mut self.unit.frame,
        };
        (transaction.handle(), running)
    }

    /// Commits what has succeeded, and runs what was deferred; or rolls back because the body failed. Its error is
    /// what the caller gets, after the driver has looked at it.
    #[inline]
    pub(crate) fn end<V, E>(
        &mut self,
        result: Result<V, E>,
        look: impl FnOnce(&E) -> Look<'_>,
    ) -> Result<Result<V, E>, Error> {
        match &result {
            Err(error) if !self.unit.spared => {
                self.rollback(look(error));
                Ok(result)
            }
            _ => self.commit().map(|()| result),
        }
    }

    /// As [`end`](Self::end), but a transaction that failed only because of others is begun again, and nothing
    /// returned, while there are attempts left.
    pub(crate) fn end_or_restart<V, E>(
        &mut self,
        result: Result<V, E>,
        look: impl FnOnce(&E) -> Look<'_>,
        attempts: &mut Attempts,
    ) -> Option<Result<Result<V, E>, Error>> {
        match &result {
            Err(error) if !self.unit.spared => {
                self.diagnose(look(error));
                (!self.rollback_or_restart(attempts)).then_some(Ok(result))
            }
            _ => match self.commit_or_restart(attempts) {
                Ok(true) => None,
                Ok(false) => Some(Ok(result)),
                Err(error) => Some(Err(error)),
            },
        }
    }

    /// Commits an error all the same, if it is spared.
    pub fn no_rollback<V, E, L>(
        &mut self,
        returned: &mut Returned<Result<V, E>, L>,
        is_spared: impl FnOnce(&E) -> bool,
    ) {
        self.unit.spared = returned.result().as_ref().err().is_some_and(is_spared);
    }

    #[inline]
    fn commit(&mut self) -> Result<(), Error> {
        let finished = self.finish();
        self.let_go();
        finished
    }

    /// Says whether it has begun again.
    fn commit_or_restart(&mut self, attempts: &mut Attempts) -> Result<bool, Error> {
        let finished = self.finish();
        if let Err(error) = &finished
            && self.is_transient(error)
            && self.restart(attempts)
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

    #[cold]
    fn rollback(&mut self, error: Look<'_>) {
        self.diagnose(error);
        let _reported = self.undo(Cause::Error);
        self.let_go();
    }

    /// Says whether it has begun again.
    fn rollback_or_restart(&mut self, attempts: &mut Attempts) -> bool {
        let rolled_back = self.undo(Cause::Error);
        let restarted = self.unit.may_restart(&rolled_back) && self.restart(attempts);
        if !restarted {
            self.let_go();
        }
        restarted
    }

    /// Begins again on the same connection, if an attempt is left.
    fn restart(&mut self, attempts: &mut Attempts) -> bool {
        if !attempts.again() {
            return false;
        }
        self.unit.tell_handlers();
        std::thread::sleep(attempts.pause());
        self.unit.reset();
        let options = attempts.options();
        while let Err(source) = self.open(&options) {
            if self.open_failed(source, attempts).is_err() {
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

    pub(super) fn undo(&mut self, cause: Cause) -> Result<(), RollbackError> {
        self.unit.phase = Phase::RollingBack;
        let (level, savepoint) = (self.unit.level, self.unit.savepoint());
        let result = match level {
            Level::Outermost => self.transaction().rollback(),
            Level::Nested | Level::Rehearsal => self.transaction().rollback_to(&savepoint),
            Level::Joined => {
                self.unit.left(cause, self.driver());
                return Ok(());
            }
        };
        if matches!(result, Err(RollbackError::Failed(_))) {
            self.discard();
        }
        self.unit.rolled_back(&result, cause, self.driver());
        result
    }

    pub(super) fn discard(&mut self) {
        self.unit.phase = Phase::Closed;
        self.transaction().discard();
    }
}

impl<T: Transaction> Drop for Scope<T> {
    #[inline]
    fn drop(&mut self) {
        if self.unit.phase != Phase::Closed && self.transaction.is_some() {
            self.unwind();
        }
    }
}

impl<T: Transaction> Scope<T> {
    #[cold]
    fn unwind(&mut self) {
        // This may run while the thread unwinds, when a second panic would abort the process.
        let undone = catch_unwind(AssertUnwindSafe(|| self.undo(Cause::Panic)));
        if undone.is_err() {
            let _ = catch_unwind(AssertUnwindSafe(|| {
                self.unit.lost_track(self.driver());
                self.discard();
            }));
        }
        let _ = catch_unwind(AssertUnwindSafe(|| self.let_go()));
        self.unit.discard_queue();
    }
}
