//! The scope of a sync function.

use std::panic::{AssertUnwindSafe, Location, catch_unwind};

use super::{Leftover, Level, Phase, Unit, Verdict};
use crate::context::{Entered, Frame, Kind};
use crate::error::{BoxError, Error, HandlerFailure};
use crate::handlers::Drain;
use crate::site::Site;
use crate::transaction::{Begin, Options, RollbackError, Transaction};

/// An open transaction of a sync function.
///
/// Dropped while it is open, which happens when the body panics, it rolls back.
#[must_use]
pub struct Scope<T: Transaction> {
    /// `None` once the connection was given back.
    transaction: Option<T>,
    unit: Unit,
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
        let transaction = source
            .acquire()
            .map_err(|source| super::begin(site, source))?;
        let unit = Unit::new(&transaction, Kind::Sync, site)?;
        let mut scope = Self {
            transaction: Some(transaction),
            unit,
        };
        scope.open(options)?;
        Ok(scope)
    }

    fn open(&mut self, options: Options) -> Result<(), Error> {
        let level = self.unit.level;
        let opened = match level {
            Level::Outermost => self.transaction().begin(&options),
            Level::Nested(savepoint) => self.transaction().savepoint(&savepoint),
        };
        match opened {
            Ok(()) => self.unit.phase = Phase::Open,
            Err(source) => return Err(self.begin_failed(source)),
        }
        Ok(())
    }

    /// Nothing is open, unless the driver did half of its work.
    fn begin_failed(&mut self, source: BoxError) -> Error {
        self.unit.phase = Phase::Closed;
        if matches!(self.unit.level, Level::Outermost) {
            let transaction = self.transaction();
            if transaction.in_transaction() {
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
        match self.unit.verdict() {
            Verdict::Commit => self.end()?,
            Verdict::RollBack => return self.give_up(None),
            Verdict::Refuse(error) => return self.give_up(Some(error)),
        }
        match self.unit.level {
            Level::Nested(_) => {
                self.unit.hand_over();
                Ok(())
            }
            Level::Outermost => self.run_deferred(),
        }
    }

    /// Rolls back because the body failed. Its error is what the caller gets.
    pub fn rollback(mut self) {
        drop(self.unit.take_queue());
        let _reported = self.undo();
    }

    fn give_up(mut self, error: Option<Error>) -> Result<(), Error> {
        let rolled_back = self.undo();
        self.unit.not_committed(error, rolled_back)
    }

    fn end(&mut self) -> Result<(), Error> {
        self.unit.phase = Phase::Between;
        let level = self.unit.level;
        let ended = match level {
            Level::Outermost => self.transaction().commit(),
            Level::Nested(savepoint) => self.transaction().release(&savepoint),
        };
        let Err(refusal) = ended else {
            self.unit.phase = Phase::Closed;
            return Ok(());
        };
        match self.unit.after_refusal(&refusal) {
            Leftover::Transaction => drop(self.undo()),
            Leftover::Nothing => {}
            Leftover::Unknown => self.discard(),
        }
        Err(self.unit.refused(refusal))
    }

    fn undo(&mut self) -> Result<(), RollbackError> {
        self.unit.phase = Phase::Between;
        let level = self.unit.level;
        let result = match level {
            Level::Outermost => self.transaction().rollback(),
            Level::Nested(savepoint) => self.transaction().rollback_to(&savepoint),
        };
        self.unit.rolled_back(&result);
        if self.unit.phase != Phase::Closed {
            self.discard();
        }
        result
    }

    fn discard(&mut self) {
        self.unit.phase = Phase::Closed;
        self.transaction().discard();
    }

    fn run_deferred(&mut self) -> Result<(), Error> {
        let queue = self.unit.take_queue();
        if self.transaction().owns_connection() {
            self.transaction = None;
        }
        if queue.is_empty() {
            return Ok(());
        }
        let mut drain = Drain::new(queue);
        while let Some(location) = drain.next_sync() {
            if let Some(failure) = self.leftover(location) {
                drain.fail(failure);
            }
        }
        self.unit.handlers_failed(drain.finish())
    }

    /// Rolls back what a deferred call left open on a connection that it can reach as well.
    fn leftover(&mut self, location: &'static Location<'static>) -> Option<HandlerFailure> {
        let transaction = self.transaction.as_mut()?;
        if !transaction.in_transaction() {
            return None;
        }
        let rollback = match transaction.rollback() {
            Ok(()) | Err(RollbackError::Ended) => None,
            Err(RollbackError::Failed(error)) => Some(error),
        };
        Some(HandlerFailure::BadlyBehaved { location, rollback })
    }
}

impl<T: Transaction> Drop for Scope<T> {
    fn drop(&mut self) {
        if self.unit.phase == Phase::Closed || self.transaction.is_none() {
            return;
        }
        // This may run while the thread unwinds, when a second panic would abort the process.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let _reported = self.undo();
            drop(self.unit.take_queue());
        }));
    }
}

/// The half of a scope that the body runs in.
#[must_use]
pub struct Running<'s> {
    frame: &'s mut Frame,
}

impl Running<'_> {
    /// Runs the body with the transaction in place for what it defers.
    pub fn run<R>(self, body: impl FnOnce() -> R) -> R {
        let _entered = Entered::new(self.frame);
        body()
    }
}
