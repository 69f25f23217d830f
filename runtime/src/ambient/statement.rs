//! One statement of a handle in an open transaction.

use std::time::Duration;

use super::inside::Inside;
use super::slot::Turn;
use crate::error::{Error, Holder, Reason};
use crate::site::Site;
use crate::test_transaction;
use crate::transaction::{AsyncTransaction, CommitError, Savepoint};

/// The place that stands in errors for a statement that believes to be outside of any block, in the transaction of a test.
const SITE: Site = Site {
    function: "a statement of its own",
    module: module_path!(),
    file: file!(),
    line: line!(),
    column: 1,
};

/// A statement that has its turn. In the transaction of a test, one that is in no block is a block of its own: it does what it
/// would do in autocommit, and nothing where it fails.
pub(crate) struct Statement<T: AsyncTransaction + 'static> {
    turn: Turn<T>,
    /// Whether there is a savepoint that has yet to end.
    guarded: bool,
}

impl<T: AsyncTransaction + 'static> Statement<T> {
    pub(crate) async fn begin(inside: Inside<T>, patience: Duration) -> Result<Self, Error> {
        let of_test = inside.is_of_test();
        let turn = inside.turn(Holder::Statement, patience).await?;
        let mut statement = Self {
            turn,
            guarded: false,
        };
        if of_test {
            Box::pin(statement.guard()).await?;
        }
        Ok(statement)
    }

    async fn guard(&mut self) -> Result<(), Error> {
        test_transaction::savepoint_async(&mut *self.turn, Savepoint::OUTERMOST)
            .await
            .map_err(|source| Reason::NestedBegin(&SITE, source))?;
        self.guarded = true;
        Ok(())
    }

    pub(crate) fn transaction(&mut self) -> &mut T {
        &mut self.turn
    }

    /// Ends it with what has come of it.
    pub(crate) async fn end<R, E: From<Error>>(mut self, result: Result<R, E>) -> Result<R, E> {
        if self.guarded {
            Box::pin(self.unguard(result.is_ok())).await?;
        }
        result
    }

    async fn unguard(&mut self, keep: bool) -> Result<(), Error> {
        let refused = if keep { self.keep().await.err() } else { None };
        if !keep || refused.is_some() {
            let undone = self.turn.rollback_to(&Savepoint::OUTERMOST).await;
            undone.map_err(|failure| {
                let source = test_transaction::not_undone(&mut *self.turn, failure);
                Reason::Rollback(&SITE, source)
            })?;
        }
        self.guarded = false;
        match refused {
            Some(refusal) => {
                let source = test_transaction::not_undone(&mut *self.turn, refusal.into());
                Err(Reason::Commit(&SITE, source).into())
            }
            None => Ok(()),
        }
    }

    /// Checks what autocommit would.
    async fn keep(&mut self) -> Result<(), CommitError> {
        self.turn.check().await?;
        self.turn.release(&Savepoint::OUTERMOST).await
    }
}

impl<T: AsyncTransaction + 'static> Drop for Statement<T> {
    fn drop(&mut self) {
        if self.guarded {
            test_transaction::abandon(self.turn.connection_id(), Savepoint::OUTERMOST);
        }
    }
}
