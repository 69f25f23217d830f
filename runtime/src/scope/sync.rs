//! The scope of a sync function.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::running::Running;
use super::{Diagnosis, Leftover, Level, Phase, Unit, Verdict, begin};
use crate::attempts::{Attempts, Backoff};
use crate::context::Kind;
use crate::error::{BoxError, Error};
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
    options: Options,
}

impl<T: Transaction> Scope<T> {
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
            options,
        };
        // A begin that is refused has run no body, so it is counted apart.
        let mut attempts = Attempts::new(options.attempts, Backoff::default());
        scope.open(&mut attempts)?;
        Ok(scope)
    }

    /// Begins, more than once if it is refused only because of others and attempts are left.
    fn open(&mut self, attempts: &mut Attempts) -> Result<(), Error> {
        loop {
            self.unit.phase = Phase::Beginning;
            let Err(source) = self.send_begin() else {
                self.unit.begun();
                return Ok(());
            };
            let transient =
                self.unit.level.is_outermost() && self.transaction().is_transient(&*source);
            if !(transient && attempts.again()) {
                return Err(self.begin_failed(source));
            }
            std::thread::sleep(attempts.pause());
        }
    }

    fn send_begin(&mut self) -> Result<(), BoxError> {
        let (level, options) = (self.unit.level, self.options);
        let transaction = self.transaction();
        match level {
            Level::Outermost => {
                if transaction.status() == TransactionStatus::Open {
                    begin::cleaned(transaction.rollback())?;
                }
                transaction.begin(&options)
            }
            Level::Nested(savepoint) | Level::Rehearsal(savepoint) => {
                transaction.savepoint(&savepoint)
            }
            Level::Joined => Ok(()),
        }
    }

    /// Nothing is open, unless the driver did half of its work.
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

    fn transaction(&mut self) -> &mut T {
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
        self.unit.frame.connection = transaction.connection_id();
        let running = Running {
            frame: &mut self.unit.frame,
        };
        (transaction.handle(), running)
    }

    /// Commits, and runs what was deferred; or releases the savepoint.
    ///
    /// # Errors
    ///
    /// Those of [`Error`] that speak of the end of a transaction.
    ///
    /// # Panics
    ///
    /// When a deferred call panics, after all the others have run.
    pub fn commit(mut self) -> Result<(), Error> {
        let finished = self.finish();
        self.let_go();
        finished
    }

    /// As [`commit`](Self::commit), but a transaction that failed only because of others is begun
    /// again, while there are attempts left.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit).
    ///
    /// # Panics
    ///
    /// As [`commit`](Self::commit).
    pub fn commit_or_restart(mut self, attempts: &mut Attempts) -> Result<Option<Self>, Error> {
        let Err(error) = self.finish() else {
            return Ok(None);
        };
        if self.is_transient(&error) && self.restart(attempts) {
            return Ok(Some(self));
        }
        self.let_go();
        Err(error)
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

    /// Has the driver look at the body's error.
    pub fn diagnose(&mut self, error: Option<&(dyn std::error::Error + 'static)>) {
        if let (Some(error), Some(transaction)) = (error, &self.transaction) {
            self.unit.diagnosis = Diagnosis::of(transaction, error);
        }
    }

    /// Rolls back because the body failed. Its error is what the caller gets.
    pub fn rollback(mut self) {
        let _reported = self.undo(Cause::Error);
        self.let_go();
    }

    /// As [`rollback`](Self::rollback), but a transaction that failed only because of others is
    /// begun again, while there are attempts left.
    pub fn rollback_or_restart(mut self, attempts: &mut Attempts) -> Option<Self> {
        let rolled_back = self.undo(Cause::Error);
        if self.unit.may_restart(&rolled_back) && self.restart(attempts) {
            return Some(self);
        }
        self.let_go();
        None
    }

    /// Begins again on the same connection, if an attempt is left.
    fn restart(&mut self, attempts: &mut Attempts) -> bool {
        if !attempts.again() {
            return false;
        }
        self.unit.tell_handlers();
        std::thread::sleep(attempts.pause());
        self.unit.reset();
        self.open(attempts).is_ok()
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

    fn finish(&mut self) -> Result<(), Error> {
        match self.unit.verdict() {
            Verdict::Commit => self.end()?,
            Verdict::RollBack => return self.give_up(None),
            Verdict::Refuse(error) => return self.give_up(Some(error)),
        }
        match self.unit.level {
            Level::Outermost | Level::Rehearsal(_) => self.run_deferred(),
            Level::Nested(_) | Level::Joined => {
                self.unit.hand_over();
                Ok(())
            }
        }
    }

    fn give_up(&mut self, error: Option<Error>) -> Result<(), Error> {
        let rolled_back = self.undo(Cause::refused(error.as_ref()));
        self.unit.not_committed(error, rolled_back)
    }

    fn end(&mut self) -> Result<(), Error> {
        self.unit.phase = Phase::Committing;
        let level = self.unit.level;
        let ended = match level {
            Level::Outermost => self.transaction().commit(),
            Level::Nested(savepoint) | Level::Rehearsal(savepoint) => {
                self.transaction().release(&savepoint)
            }
            Level::Joined => Ok(()),
        };
        let Err(refusal) = ended else {
            self.unit.committed();
            return Ok(());
        };
        match self.unit.after_refusal(&refusal) {
            Leftover::Transaction => {
                let rolled_back = self.undo(Cause::CommitFailed);
                let refused = self.unit.refused(refusal);
                return self.unit.not_committed(Some(refused), rolled_back);
            }
            Leftover::Nothing => {}
            Leftover::Unknown => self.discard(),
        }
        Err(self.unit.refused(refusal))
    }

    fn undo(&mut self, cause: Cause) -> Result<(), RollbackError> {
        self.unit.phase = Phase::RollingBack;
        let level = self.unit.level;
        let result = match level {
            Level::Outermost => self.transaction().rollback(),
            Level::Nested(savepoint) | Level::Rehearsal(savepoint) => {
                self.transaction().rollback_to(&savepoint)
            }
            Level::Joined => {
                self.unit.left(cause);
                return Ok(());
            }
        };
        if matches!(result, Err(RollbackError::Failed(_))) {
            self.discard();
        }
        self.unit.rolled_back(&result, cause);
        result
    }

    fn discard(&mut self) {
        self.unit.phase = Phase::Closed;
        self.transaction().discard();
    }
}

impl<T: Transaction> Drop for Scope<T> {
    fn drop(&mut self) {
        if self.unit.phase == Phase::Closed || self.transaction.is_none() {
            return;
        }
        // This may run while the thread unwinds, when a second panic would abort the process.
        let undone = catch_unwind(AssertUnwindSafe(|| self.undo(Cause::Panic)));
        if undone.is_err() {
            let _ = catch_unwind(AssertUnwindSafe(|| {
                self.unit.lost_track();
                self.discard();
            }));
        }
        let _ = catch_unwind(AssertUnwindSafe(|| self.let_go()));
        self.unit.discard_queue();
    }
}
