//! Running what was deferred, once the outermost block is committed.

use std::panic::Location;

use super::{AsyncScope, Level, Phase, Scope, begin};
use crate::context::Hidden;
use crate::error::{Error, HandlerFailure};
use crate::transaction::{Abandoned, AsyncTransaction, Transaction, TransactionStatus};

impl<T: Transaction> Scope<T> {
    pub(super) fn run_deferred(&mut self) -> Result<(), Error> {
        let Some(mut drain) = self.unit.drain() else {
            return Ok(());
        };
        let hidden = Hidden::new();
        while let Some(location) = drain.next_sync() {
            if let Some(failure) = self.leftover(location) {
                drain.fail(failure);
            }
        }
        drop(hidden);
        self.unit.handlers_failed(drain.finish())
    }

    /// Rolls back what a deferred call left open on a connection that it can reach as well.
    fn leftover(&mut self, location: &'static Location<'static>) -> Option<HandlerFailure> {
        let transaction = self.transaction.as_mut()?;
        if transaction.status() != TransactionStatus::Open
            || !matches!(self.unit.level, Level::Outermost)
        {
            return None;
        }
        let rollback = begin::cleaned(transaction.rollback()).err();
        if rollback.is_some() {
            transaction.discard();
            self.transaction = None;
        }
        Some(HandlerFailure::BadlyBehaved { location, rollback })
    }
}

impl<T: AsyncTransaction> AsyncScope<T> {
    pub(super) async fn run_deferred(&mut self) -> Result<(), Error> {
        let Some(mut drain) = self.unit.drain() else {
            return Ok(());
        };
        self.unit.phase = Phase::Draining;
        while let Some(location) = drain.next().await {
            if self.has_leftover()
                && let Some(failure) = self.clean(location).await
            {
                drain.fail(failure);
            }
        }
        self.unit.phase = Phase::Closed;
        self.unit.handlers_failed(drain.finish())
    }

    /// Whether a deferred call has left a transaction open.
    pub(super) fn has_leftover(&mut self) -> bool {
        let status = self.transaction.as_mut().map(T::status);
        status == Some(TransactionStatus::Open) && matches!(self.unit.level, Level::Outermost)
    }

    /// Rolls back what a deferred call left open on a connection that it can reach as well.
    async fn clean(&mut self, location: &'static Location<'static>) -> Option<HandlerFailure> {
        let transaction = self.transaction.as_mut()?;
        self.unit.phase = Phase::Cleaning;
        let rollback = begin::cleaned(transaction.rollback().await).err();
        self.unit.phase = Phase::Draining;
        if rollback.is_some() {
            transaction.abandon(Abandoned::Interrupted);
            self.transaction = None;
        }
        Some(HandlerFailure::BadlyBehaved { location, rollback })
    }
}
