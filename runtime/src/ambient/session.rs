//! The transaction of a block whose source is a handle.

mod asynchronous;

use std::fmt;
use std::sync::Arc;

use super::ended::take_back;
use super::handle::Handle;
use super::pool::Pool;
use super::slot::Slot;
use super::state::Place;
use super::steps::Doing;
use crate::error::{BoxError, Error, Holder, Reason};
use crate::site::Site;
use crate::transaction::{
    Abandoned, AsyncTransaction, CommitError, ConnectionId, Keeper, RollbackError, Savepoint,
    Session, TransactionStatus,
};

/// The transaction of a block whose source is a handle: its pool's own, which others use as well while the body runs.
pub struct Ambient<P: Pool> {
    handle: Handle<P>,
    slot: Arc<Slot<P::Transaction>>,
    /// The transaction, unless the body runs.
    held: Option<Box<P::Transaction>>,
    /// What the transaction knows of this block, unless it is the outermost one.
    steps: Option<P::Steps>,
    /// Its level in the transaction, which a block that has joined the one around it has none of.
    level: Level,
    has_undone: bool,
}

/// The level of a block, as those know it who use its connection.
#[derive(Clone, Copy)]
enum Level {
    /// It has none, or none any more.
    None,
    /// It has one that nobody knows of yet.
    Begun,
    /// Its body runs in it.
    Open(Place),
    /// Its body has run.
    Ending,
    /// Its body has run, and has left a block open in it.
    Leaking,
}

impl<P: Pool> Ambient<P> {
    pub(crate) async fn begin(handle: Handle<P>) -> Result<Self, BoxError> {
        let patience = handle.patience();
        let Some(inside) = handle.registry().around(handle.id())? else {
            let transaction = handle.primary().acquire().await?;
            let slot = Arc::new(Slot::new(&transaction, handle.id()));
            handle.registry().add(Arc::clone(&slot));
            let held = Some(Box::new(transaction));
            return Ok(Self::of(handle, slot, held, None));
        };
        let (slot, of_test) = (Arc::clone(&inside.slot), inside.is_of_test());
        let mut turn = inside.turn(Holder::Block, patience).await?;
        if of_test {
            Box::pin(slot.tidy(&mut turn)).await;
        }
        let steps = P::steps(&turn);
        Ok(Self::of(handle, slot, turn.into_held(), Some(steps)))
    }

    fn of(
        handle: Handle<P>,
        slot: Arc<Slot<P::Transaction>>,
        held: Option<Box<P::Transaction>>,
        steps: Option<P::Steps>,
    ) -> Self {
        Self {
            handle,
            slot,
            held,
            steps,
            level: Level::None,
            has_undone: false,
        }
    }

    fn is_outermost(&self) -> bool {
        self.steps.is_none()
    }

    /// Looks at the transaction, unless somebody has it who has outlived the body.
    fn look<R>(&mut self, f: impl FnOnce(&mut P::Transaction) -> R) -> Option<R> {
        match &mut self.held {
            Some(transaction) => Some(f(transaction)),
            None => self.slot.look(f),
        }
    }

    /// Asks the transaction, which says no where somebody has it who has outlived the body.
    fn ask(&self, question: impl FnOnce(&P::Transaction) -> bool) -> bool {
        match &self.held {
            Some(transaction) => question(transaction),
            None => self.slot.look(|transaction| question(transaction)) == Some(true),
        }
    }

    /// Ends the body, if it has run, and takes the transaction from whoever has it.
    async fn take_hold(&mut self) -> Result<(), Error> {
        if let Level::Open(place) = self.level {
            let leaks = self.slot.is_nested(place);
            self.slot.end(place)?;
            self.level = if leaks { Level::Leaking } else { Level::Ending };
        }
        if self.held.is_none() {
            let transaction = self.held.insert(take_back(&self.slot).await?);
            if self.slot.is_in_test() {
                Box::pin(self.slot.tidy(transaction)).await;
            }
        }
        Ok(())
    }

    /// The transaction that was taken hold of.
    fn doing(&mut self) -> Doing<'_, P> {
        match &mut self.held {
            Some(transaction) => Doing::new(&mut **transaction, self.steps.as_mut()),
            None => unreachable!("taken hold of before"),
        }
    }

    /// The transaction, for a step of the block.
    async fn transaction(&mut self) -> Result<Doing<'_, P>, Error> {
        self.take_hold().await?;
        Ok(self.doing())
    }

    /// The transaction, to keep what was done in the block.
    async fn keeping(&mut self) -> Result<Doing<'_, P>, CommitError> {
        let refused = |error: Error| CommitError::Refused(error.into());
        self.take_hold().await.map_err(refused)?;
        if let Level::Leaking = self.level {
            let left_open = Reason::Busy(&Site::NOWHERE, Holder::Block);
            return Err(refused(left_open.into()));
        }
        Ok(self.doing())
    }

    /// The transaction, to undo what was done in the block.
    async fn undoing(&mut self) -> Result<Doing<'_, P>, RollbackError> {
        let failed = |error: Error| RollbackError::Failed(error.into());
        self.transaction().await.map_err(failed)
    }

    /// Notes that a savepoint is gone. The transaction goes to those who are around the block, if its body has run.
    fn savepoint_ended(&mut self) {
        let level = self.level;
        if !self.is_outermost() {
            self.level = Level::None;
            if let Level::Ending | Level::Leaking = level {
                self.leave();
            }
        }
    }

    /// Gives the transaction to those around a block that has ended.
    fn leave(&mut self) {
        if let Some(transaction) = self.held.take() {
            self.slot.give_back(transaction);
        }
    }
}

impl<P: Pool> fmt::Debug for Ambient<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Ambient")
    }
}

impl<P: Pool> Session for Ambient<P> {
    type Handle<'t> = &'t Handle<P>;

    fn handle(&mut self) -> &Handle<P> {
        if let Some(transaction) = self.held.take() {
            match self.level {
                Level::None | Level::Open(_) => self.slot.give_back(transaction),
                // A test goes on after it was settled.
                Level::Begun | Level::Ending | Level::Leaking => {
                    self.level = Level::Open(self.slot.open(transaction));
                }
            }
        }
        &self.handle
    }

    fn connection_id(&mut self) -> ConnectionId {
        let known = self.slot.connection();
        let held = self.held.as_mut();
        known
            .or_else(|| held.map(|transaction| transaction.connection_id()))
            .unwrap_or(ConnectionId::new(0))
    }

    fn status(&mut self) -> TransactionStatus {
        self.look(Session::status)
            .unwrap_or(TransactionStatus::Open)
    }

    fn owns_connection(&self) -> bool {
        self.is_outermost()
    }

    fn closes_connection(&self) -> bool {
        self.is_outermost() && self.slot.closes_connection
    }

    /// Others wait.
    fn is_exclusive(&self) -> bool {
        true
    }

    fn levels(&mut self) -> Option<u32> {
        self.look(Session::levels).flatten()
    }

    fn driver(&self) -> &'static str {
        self.slot.driver
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        self.ask(|transaction| transaction.is_transient(error))
    }

    fn was_rolled_back_by(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        self.ask(|transaction| transaction.was_rolled_back_by(error))
    }
}

impl<P: Pool> Drop for Ambient<P> {
    fn drop(&mut self) {
        if self.is_outermost() {
            self.handle.registry().remove(&self.slot);
            self.slot.close();
            return;
        }
        if let Level::Open(place) = self.level {
            self.slot.leave(place);
        }
        self.leave();
    }
}
