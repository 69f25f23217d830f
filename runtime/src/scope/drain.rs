//! Running what was deferred, once the outermost block is committed.

use std::panic::Location;

use super::begin::cleaned;
use super::core::Core;
use super::level::Level;
use super::steps::{Awaited, Blocking, Steps};
use crate::at_once::at_once;
use crate::context::Hidden;
use crate::error::{Error, HandlerFailure};
use crate::transaction::{Abandoned, AsyncTransaction, Session, Transaction, TransactionStatus};

impl<T: Transaction> Core<Blocking<T>> {
    #[inline]
    pub(super) fn run_deferred(&mut self) -> Result<(), Error> {
        if self.state.has_calls() {
            self.drain_queue()
        } else {
            Ok(())
        }
    }

    #[inline(never)]
    fn drain_queue(&mut self) -> Result<(), Error> {
        let Some(mut drain) = self.state.drain() else {
            return Ok(());
        };
        let hidden = Hidden::new();
        while let Some(location) = drain.next_sync() {
            if self.has_leftover()
                && let Some(failure) = at_once(self.clean(location))
            {
                drain.fail(failure);
            }
        }
        drop(hidden);
        self.state.close();
        self.state.handlers_failed(drain.finish())
    }
}

impl<T: AsyncTransaction> Core<Awaited<T>> {
    pub(super) async fn run_deferred_async(&mut self) -> Result<(), Error> {
        let Some(mut drain) = self.state.drain() else {
            return Ok(());
        };
        self.state.draining();
        while let Some(location) = drain.next().await {
            if self.has_leftover()
                && let Some(failure) = Box::pin(self.clean(location)).await
            {
                drain.fail(failure);
            }
        }
        self.state.close();
        self.state.handlers_failed(drain.finish())
    }

    /// Runs them for nobody, once the connection is given back.
    pub(super) async fn run_deferred_unheard(&mut self) {
        if let Some(mut drain) = self.state.drain() {
            while drain.next().await.is_some() {}
        }
    }
}

impl<S: Steps> Core<S> {
    /// Whether a deferred call has left a transaction open on a connection that it can reach as well.
    #[inline]
    pub(super) fn has_leftover(&mut self) -> bool {
        let status = self
            .steps
            .as_mut()
            .map(|steps| steps.session_mut().status());
        status == Some(TransactionStatus::Open) && self.state.level() == Level::Outermost
    }

    /// Rolls that back.
    async fn clean(&mut self, location: &'static Location<'static>) -> Option<HandlerFailure> {
        let steps = self.steps.as_mut()?;
        self.state.cleaning();
        let rollback = cleaned(steps.rollback().await).err();
        self.state.draining();
        if rollback.is_some() {
            steps.abandon(Abandoned::Interrupted);
            self.steps = None;
        }
        Some(HandlerFailure::badly_behaved(location, rollback))
    }
}
