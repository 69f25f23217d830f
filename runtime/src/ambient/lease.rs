//! A connection that a handle leads to, for as long as somebody wants it.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::pool::Leasable;
use super::statement::Statement;

/// The connection of an open transaction, or one of the pool, until it is dropped: see [`Handle::acquire`](super::Handle::acquire).
pub struct Lease<P: Leasable>(Leased<P>);

enum Leased<P: Leasable> {
    OfTurn(Statement<P>),
    OfPool(P::Transaction),
}

impl<P: Leasable> Lease<P> {
    pub(super) fn of_turn(turn: Statement<P>) -> Self {
        Self(Leased::OfTurn(turn))
    }

    pub(super) fn of_pool(transaction: P::Transaction) -> Self {
        Self(Leased::OfPool(transaction))
    }

    /// The connection of the pool, unless it is that of an open transaction.
    pub(crate) fn into_own(self) -> Result<P::Transaction, Self> {
        match self.0 {
            Leased::OfPool(transaction) => Ok(transaction),
            leased @ Leased::OfTurn(_) => Err(Self(leased)),
        }
    }

    /// Whether it is the connection of an open transaction.
    #[must_use]
    pub fn is_in_transaction(&self) -> bool {
        matches!(self.0, Leased::OfTurn(_))
    }
}

impl<P: Leasable> fmt::Debug for Lease<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Lease");
        shown.field("in_transaction", &self.is_in_transaction());
        shown.finish_non_exhaustive()
    }
}

impl<P: Leasable> Deref for Lease<P> {
    type Target = P::Connection;

    fn deref(&self) -> &P::Connection {
        P::connection(match &self.0 {
            Leased::OfTurn(turn) => turn.shared(),
            Leased::OfPool(transaction) => transaction,
        })
    }
}

impl<P: Leasable> DerefMut for Lease<P> {
    fn deref_mut(&mut self) -> &mut P::Connection {
        P::connection_mut(match &mut self.0 {
            Leased::OfTurn(turn) => turn.transaction(),
            Leased::OfPool(transaction) => transaction,
        })
    }
}
