//! The scope of an async function.

use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{Leftover, Level, Phase, Unit, Verdict};
use crate::context::{Entered, Frame, Kind};
use crate::error::{Error, HandlerFailure, RollbackOnly};
use crate::handlers::Drain;
use crate::site::Site;
use crate::transaction::{Abandoned, AsyncBegin, AsyncTransaction, Options, RollbackError};

/// An open transaction of an async function.
///
/// Dropped while it is open, which happens when its future is dropped or the body panics, it tells
/// the driver to abandon the transaction, without waiting for the server.
#[must_use]
pub struct AsyncScope<T: AsyncTransaction> {
    /// `None` once the connection was given back.
    transaction: Option<T>,
    unit: Unit,
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
        let transaction = source
            .acquire()
            .await
            .map_err(|source| super::begin(site, source))?;
        let unit = Unit::new(&transaction, Kind::Async, site)?;
        let mut scope = Self {
            transaction: Some(transaction),
            unit,
        };
        scope.open(options).await?;
        Ok(scope)
    }

    async fn open(&mut self, options: Options) -> Result<(), Error> {
        let level = self.unit.level;
        let opened = match level {
            Level::Outermost => self.transaction().begin(&options).await,
            Level::Nested(savepoint) => self.transaction().savepoint(&savepoint).await,
        };
        let Err(source) = opened else {
            self.unit.phase = Phase::Open;
            return Ok(());
        };
        if matches!(self.unit.level, Level::Nested(_)) {
            // Nothing was created, so nothing is in doubt.
            self.unit.phase = Phase::Closed;
        }
        Err(self.unit.begin_failed(source))
    }

    fn transaction(&mut self) -> &mut T {
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
        self.unit.frame.connection = transaction.connection_id();
        let running = AsyncRunning {
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
    pub async fn commit(mut self) -> Result<(), Error> {
        match self.unit.verdict() {
            Verdict::Commit => self.end().await?,
            Verdict::RollBack => return self.give_up(None).await,
            Verdict::Refuse(error) => return self.give_up(Some(error)).await,
        }
        match self.unit.level {
            Level::Nested(_) => {
                self.unit.hand_over();
                Ok(())
            }
            Level::Outermost => self.run_deferred().await,
        }
    }

    /// Rolls back because the body failed. Its error is what the caller gets.
    pub async fn rollback(mut self) {
        drop(self.unit.take_queue());
        let _reported = self.undo().await;
    }

    async fn give_up(&mut self, error: Option<Error>) -> Result<(), Error> {
        let rolled_back = self.undo().await;
        self.unit.not_committed(error, rolled_back)
    }

    async fn end(&mut self) -> Result<(), Error> {
        self.unit.phase = Phase::Between;
        let level = self.unit.level;
        let ended = match level {
            Level::Outermost => self.transaction().commit().await,
            Level::Nested(savepoint) => self.transaction().release(&savepoint).await,
        };
        let Err(refusal) = ended else {
            self.unit.phase = Phase::Closed;
            return Ok(());
        };
        match self.unit.after_refusal(&refusal) {
            Leftover::Transaction => drop(self.undo().await),
            Leftover::Nothing => {}
            Leftover::Unknown => self.abandon(),
        }
        Err(self.unit.refused(refusal))
    }

    async fn undo(&mut self) -> Result<(), RollbackError> {
        self.unit.phase = Phase::Between;
        let level = self.unit.level;
        let result = match level {
            Level::Outermost => self.transaction().rollback().await,
            Level::Nested(savepoint) => self.transaction().rollback_to(&savepoint).await,
        };
        self.unit.rolled_back(&result);
        if self.unit.phase != Phase::Closed {
            self.abandon();
        }
        result
    }

    /// Gives up a transaction without waiting.
    fn abandon(&mut self) {
        let abandoned = match (self.unit.phase, self.unit.level) {
            (Phase::Closed, _) => return,
            (Phase::Between, _) => Abandoned::Interrupted,
            (Phase::Open, Level::Outermost) => Abandoned::Open,
            (Phase::Open, Level::Nested(_)) => Abandoned::Nested,
        };
        self.unit.phase = Phase::Closed;
        self.unit.doom_parent(RollbackOnly::NestedCancelled);
        if let Some(transaction) = &mut self.transaction {
            transaction.abandon(abandoned);
        }
    }

    async fn run_deferred(&mut self) -> Result<(), Error> {
        let queue = self.unit.take_queue();
        if self.transaction().owns_connection() {
            self.transaction = None;
        }
        if queue.is_empty() {
            return Ok(());
        }
        let mut drain = Drain::new(queue);
        while let Some(location) = drain.next().await {
            if let Some(failure) = self.leftover(location).await {
                drain.fail(failure);
            }
        }
        self.unit.handlers_failed(drain.finish())
    }

    /// Rolls back what a deferred call left open on a connection that it can reach as well.
    async fn leftover(&mut self, location: &'static Location<'static>) -> Option<HandlerFailure> {
        let transaction = self.transaction.as_mut()?;
        if !transaction.in_transaction() {
            return None;
        }
        let rollback = match transaction.rollback().await {
            Ok(()) | Err(RollbackError::Ended) => None,
            Err(RollbackError::Failed(error)) => Some(error),
        };
        Some(HandlerFailure::BadlyBehaved { location, rollback })
    }
}

impl<T: AsyncTransaction> Drop for AsyncScope<T> {
    fn drop(&mut self) {
        if self.unit.phase == Phase::Closed {
            return;
        }
        // This may run while the thread unwinds, when a second panic would abort the process.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            self.abandon();
            drop(self.unit.take_queue());
        }));
    }
}

/// The half of a scope that the body runs in.
#[must_use]
pub struct AsyncRunning<'s> {
    frame: &'s mut Frame,
}

impl<'s> AsyncRunning<'s> {
    /// Runs the body with the transaction in place for what it defers.
    pub fn run<F: Future>(self, body: F) -> Run<'s, F> {
        Run {
            frame: self.frame,
            body,
        }
    }
}

pin_project! {
    /// A body whose frame is in place for each of its polls.
    #[must_use = "futures do nothing unless you `.await` them"]
    pub struct Run<'s, F> {
        frame: &'s mut Frame,
        #[pin]
        body: F,
    }
}

impl<F: Future> Future for Run<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = Entered::new(this.frame);
        this.body.poll(context)
    }
}
