//! One statement of a handle in an open transaction.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::inside::Inside;
use super::pool::Pool;
use super::steps::Doing;
use super::turn::Turn;
use crate::error::{Error, Holder, Reason};
use crate::site::Site;
use crate::test_transaction;
use crate::transaction::{AsyncTransaction, CommitError, ConnectionId, Savepoint, Session as _};

/// The place that stands in errors for a statement that believes to be outside of any block, in the transaction of a test.
pub(super) const SITE: Site = Site {
    function: "a statement of its own",
    module: module_path!(),
    file: file!(),
    line: line!(),
    column: 1,
};

/// The savepoint of such a statement, or of a lease, on the connection of which a block can begin.
pub(super) const SAVEPOINT: Savepoint = Savepoint::AROUND_OUTERMOST;

/// A statement that has its turn. In the transaction of a test, one that is in no block is a block of its own: it does what it
/// would do in autocommit, and nothing where it fails.
pub(crate) struct Statement<P: Pool> {
    turn: Turn<P::Transaction>,
    /// The savepoint that has yet to end.
    guard: Option<P::Steps>,
    /// Whether what it did is kept when it is dropped.
    when_dropped: Dropped,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dropped {
    Undone,
    Kept,
    /// Its savepoint is gone, or is about to go: nobody can roll back to it.
    Released,
}

impl<P: Pool> Statement<P> {
    pub(crate) async fn begin(
        inside: Inside<P::Transaction>,
        patience: Duration,
    ) -> Result<Self, Error> {
        Self::of(inside, patience, Holder::Statement, Dropped::Undone).await
    }

    /// Takes the connection for statements of which nobody says how they have ended.
    pub(super) async fn lease(
        inside: Inside<P::Transaction>,
        patience: Duration,
    ) -> Result<Self, Error> {
        Self::of(inside, patience, Holder::Lease, Dropped::Kept).await
    }

    async fn of(
        inside: Inside<P::Transaction>,
        patience: Duration,
        holder: Holder,
        when_dropped: Dropped,
    ) -> Result<Self, Error> {
        let of_test = inside.is_of_test();
        let turn = inside.turn(holder, patience).await?;
        let mut statement = Self {
            turn,
            guard: None,
            when_dropped,
        };
        if of_test {
            Box::pin(statement.guard()).await?;
        }
        Ok(statement)
    }

    async fn guard(&mut self) -> Result<(), Error> {
        let slot = Arc::clone(&self.turn.slot);
        slot.tidy(&mut self.turn).await;
        let mut steps = P::steps(&self.turn);
        let mut transaction = Doing::<P>::new(&mut self.turn, Some(&mut steps));
        let guarded = test_transaction::savepoint_async(&mut *transaction, SAVEPOINT).await;
        drop(transaction);
        guarded.map_err(|source| Reason::NestedBegin(&SITE, source))?;
        self.guard = Some(steps);
        Ok(())
    }

    pub(crate) fn transaction(&mut self) -> &mut P::Transaction {
        &mut self.turn
    }

    pub(super) fn shared(&self) -> &P::Transaction {
        &self.turn
    }

    /// Ends it with what has come of it.
    pub(crate) async fn end<R, E: From<Error>>(&mut self, result: Result<R, E>) -> Result<R, E> {
        if self.guard.is_some() {
            Box::pin(self.unguard(result.is_ok())).await?;
        }
        result
    }

    async fn unguard(&mut self, keep: bool) -> Result<(), Error> {
        let mut transaction = Doing::<P>::new(&mut self.turn, self.guard.as_mut());
        let refused = if keep {
            keep_checked(&mut *transaction, &mut self.when_dropped)
                .await
                .err()
        } else {
            None
        };
        if !keep || refused.is_some() {
            let undone = transaction.rollback_to(&SAVEPOINT).await;
            undone.map_err(|failure| {
                let source = test_transaction::not_undone(&mut *transaction, failure);
                Reason::Rollback(&SITE, source)
            })?;
        }
        let refused = refused.map(|refusal| {
            let source = test_transaction::not_undone(&mut *transaction, refusal.into());
            Reason::Commit(&SITE, source).into()
        });
        drop(transaction);
        self.guard = None;
        refused.map_or(Ok(()), Err)
    }
}

/// Checks what autocommit would.
async fn keep_checked(
    transaction: &mut impl AsyncTransaction,
    when_dropped: &mut Dropped,
) -> Result<(), CommitError> {
    transaction.check().await?;
    let before = mem::replace(when_dropped, Dropped::Released);
    let released = transaction.release(&SAVEPOINT).await;
    if released.is_err() {
        *when_dropped = before;
    }
    released
}

impl<P: Pool> Drop for Statement<P> {
    fn drop(&mut self) {
        let Some(steps) = self.guard.take() else {
            return;
        };
        let connection = self.turn.connection_id();
        match self.when_dropped {
            Dropped::Released => {}
            Dropped::Undone => test_transaction::abandon(connection, SAVEPOINT),
            Dropped::Kept => {
                let guard = Guard::<P>(Some(steps), connection);
                let slot = &self.turn.slot;
                slot.leave_behind(Box::new(|transaction| Box::pin(guard.end(transaction))));
            }
        }
    }
}

/// The savepoint of statements that are over, of which nobody has said how they have ended.
struct Guard<P: Pool>(Option<P::Steps>, ConnectionId);

impl<P: Pool> Guard<P> {
    /// Keeps what they did, unless one of them has failed and taken the others with it.
    async fn end(mut self, transaction: &mut P::Transaction) {
        let mut steps = self.0.take();
        let mut doing = Doing::<P>::new(transaction, steps.as_mut());
        let released = doing.release(&SAVEPOINT).await;
        drop(doing);
        if released.is_ok() {
            return;
        }
        self.0 = steps;
        let mut doing = Doing::<P>::new(transaction, self.0.as_mut());
        let undone = doing.rollback_to(&SAVEPOINT).await;
        drop(doing);
        if undone.is_ok() {
            self.0 = None;
        }
    }
}

impl<P: Pool> Drop for Guard<P> {
    fn drop(&mut self) {
        if self.0.is_some() {
            test_transaction::abandon(self.1, SAVEPOINT);
        }
    }
}
