//! The transaction of a block whose source is a handle of connections that have one user at a time.

use std::error::Error as StdError;
use std::fmt;
use std::rc::Rc;

use super::exclusive::Exclusive;
use super::slot::{Lent, Slot};
use super::{Listed, Reached, User};
use crate::ambient::steps::Doing;
use crate::error::{BoxError, Error};
use crate::options::Options;
use crate::settings::Settings;
use crate::site::Site;
use crate::transaction::{
    CommitError, ConnectionId, RollbackError, Savepoint, Session, Transaction, TransactionStatus,
};

/// The transaction of a block whose source is a handle: that of its pool's connection, which lies in its slot but for the
/// time of each step.
pub struct Shared<H: Exclusive> {
    handle: H,
    slot: Rc<Slot<H::Transaction>>,
    /// What the transaction knows of this block, unless it is the outermost one.
    steps: Option<H::Steps>,
    /// Lets others find it, for as long as the outermost block is open.
    #[expect(dead_code, reason = "dropped with the block")]
    listed: Option<Listed>,
}

impl<H: Exclusive> Shared<H> {
    pub(crate) fn begin(handle: H) -> Result<Self, BoxError> {
        if let Some(Reached { guard: slot, place }) = handle.local().around()? {
            let steps = H::steps(&*Slot::lend(&slot, place.site())?);
            return Ok(Self {
                handle,
                slot,
                steps: Some(steps),
                listed: None,
            });
        }
        let slot = Slot::new(handle.acquire()?);
        let listed = handle.local().list(slot.connection, User::Block, &slot);
        Ok(Self {
            handle,
            slot,
            steps: None,
            listed: Some(listed),
        })
    }

    fn lent(&self) -> Result<Lent<H::Transaction>, Error> {
        self.slot.lend(&Site::NOWHERE)
    }

    /// Does a step of this block, unless a closure has the connection.
    fn step<R>(&mut self, step: impl FnOnce(&mut H::Transaction) -> R) -> Result<R, Error> {
        let mut lent = self.lent()?;
        let mut doing = Doing::<H>::new(&mut lent, self.steps.as_mut());
        Ok(step(&mut doing))
    }

    /// Does a step that keeps what was done in the block.
    fn keep(
        &mut self,
        step: impl FnOnce(&mut H::Transaction) -> Result<(), CommitError>,
    ) -> Result<(), CommitError> {
        let refused = |busy: Error| Err(CommitError::Refused(busy.into()));
        self.step(step).unwrap_or_else(refused)
    }

    /// Does a step that undoes what was done in the block.
    fn undo(
        &mut self,
        step: impl FnOnce(&mut H::Transaction) -> Result<(), RollbackError>,
    ) -> Result<(), RollbackError> {
        let failed = |busy: Error| Err(RollbackError::Failed(busy.into()));
        self.step(step).unwrap_or_else(failed)
    }

    /// Asks the transaction, which says no where a closure has it.
    fn ask(&self, question: impl FnOnce(&H::Transaction) -> bool) -> bool {
        self.lent().is_ok_and(|lent| question(&lent))
    }
}

impl<H: Exclusive> fmt::Debug for Shared<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Shared")
    }
}

impl<H: Exclusive> Session for Shared<H> {
    type Handle<'t> = &'t H;

    fn handle(&mut self) -> &H {
        &self.handle
    }

    fn connection_id(&mut self) -> ConnectionId {
        self.slot.connection
    }

    fn status(&mut self) -> TransactionStatus {
        let status = self.step(Session::status);
        status.unwrap_or(TransactionStatus::Open)
    }

    fn owns_connection(&self) -> bool {
        self.steps.is_none()
    }

    fn closes_connection(&self) -> bool {
        self.owns_connection() && self.slot.closes_connection
    }

    /// A block that is inside of another one ends before that goes on.
    fn is_exclusive(&self) -> bool {
        true
    }

    fn levels(&mut self) -> Option<u32> {
        self.step(Session::levels).ok().flatten()
    }

    fn driver(&self) -> &'static str {
        self.slot.driver
    }

    fn is_transient(&self, error: &(dyn StdError + 'static)) -> bool {
        self.ask(|transaction| transaction.is_transient(error))
    }

    fn was_rolled_back_by(&self, error: &(dyn StdError + 'static)) -> bool {
        self.ask(|transaction| transaction.was_rolled_back_by(error))
    }
}

impl<H: Exclusive> Transaction for Shared<H> {
    fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        self.step(|transaction| transaction.begin(options))?
    }

    fn begin_with(&mut self, options: &Options, settings: &mut Settings) -> Result<(), BoxError> {
        self.step(|transaction| transaction.begin_with(options, settings))?
    }

    fn put_back(&mut self, settings: &mut Settings) {
        let _ = self.step(|transaction| transaction.put_back(settings));
    }

    fn set_in_test(&mut self, settings: &Settings) -> Result<(), BoxError> {
        self.step(|transaction| transaction.set_in_test(settings))?
    }

    fn unset_in_test(&mut self, settings: &Settings) {
        let _ = self.step(|transaction| transaction.unset_in_test(settings));
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        self.keep(Transaction::commit)
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        self.undo(Transaction::rollback)
    }

    fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        self.step(|transaction| transaction.savepoint(savepoint))?
    }

    fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        self.keep(|transaction| transaction.release(savepoint))
    }

    fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        self.undo(|transaction| transaction.rollback_to(savepoint))
    }

    fn check(&mut self) -> Result<(), CommitError> {
        self.keep(Transaction::check)
    }

    fn discard(&mut self) {
        let _ = self.step(Transaction::discard);
    }
}
