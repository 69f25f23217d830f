//! The kinds of sources, and the way from each of them to its connection.

use std::future::{Future, ready};
use std::ops::DerefMut;

use ::tokio_postgres::{Client, Transaction};

use super::transaction::PostgresTransaction;
use crate::drivers::dialect::transaction_id::TransactionId;
use crate::drivers::ownership::Ownership;
use crate::error::Outcome;
use crate::transaction::{ConnectionId, Keeper, TransactionStatus};

/// A kind of source, and its way to the connection.
pub trait Hold: Send {
    /// The type that the body sees.
    type Handle<'h>
    where
        Self: 'h;

    /// The name of the driver.
    const DRIVER: &'static str;

    /// The state of every such connection, as far as its type tells.
    const STATUS: TransactionStatus = TransactionStatus::Untracked;

    /// Whose the connection is.
    const OWNERSHIP: Ownership = Ownership::Borrowed;

    /// Whether another connection can be asked what became of a transaction.
    const SETTLES: bool = false;

    /// Lends the connection to the body.
    fn lend(&mut self) -> Self::Handle<'_>;

    /// The connection itself.
    fn client(&self) -> &Client;

    /// Tells connections apart.
    fn id(&self) -> ConnectionId {
        ConnectionId::of(self.client())
    }

    /// Asks what became of a transaction.
    fn resolve(&self, id: &TransactionId) -> impl Future<Output = Option<Outcome>> + Send {
        let _ = id;
        ready(None)
    }

    /// The address of the pool that the connection is from, if that is known.
    fn pool(&self) -> Option<usize> {
        None
    }

    /// Keeps the connection from its next user, where that is possible. Nothing is asked of it afterwards.
    fn close(&mut self) {}

    /// Gives a transaction to a keeper.
    fn keep<K: Keeper<PostgresTransaction<Self>>>(
        transaction: PostgresTransaction<Self>,
        keeper: K,
    ) -> K::Kept
    where
        Self: Sized,
    {
        keeper.of_borrowed(transaction)
    }
}

const DRIVER: &str = "tokio-postgres";

impl<'c> Hold for &'c mut Client {
    type Handle<'h>
        = &'h mut Client
    where
        'c: 'h;

    const DRIVER: &'static str = DRIVER;

    fn lend(&mut self) -> &mut Client {
        self
    }

    fn client(&self) -> &Client {
        self
    }
}

impl<'c, 't> Hold for &'c mut Transaction<'t> {
    type Handle<'h>
        = &'h mut Transaction<'t>
    where
        'c: 'h;

    const DRIVER: &'static str = DRIVER;
    const STATUS: TransactionStatus = TransactionStatus::Open;

    fn lend(&mut self) -> &mut Transaction<'t> {
        self
    }

    fn client(&self) -> &Client {
        Transaction::client(self)
    }

    /// Each transaction is a connection of its own, so that a block on one that was begun by hand inside of another
    /// block is known to be undone with it.
    fn id(&self) -> ConnectionId {
        ConnectionId::of::<Transaction<'t>>(self)
    }
}

/// A connection that is given away with the guard that leads to it.
#[derive(Debug)]
pub struct Guarded<G>(pub(super) G);

impl<G> Hold for Guarded<G>
where
    G: DerefMut<Target = Client> + Send,
{
    type Handle<'h>
        = &'h mut Client
    where
        G: 'h;

    const DRIVER: &'static str = DRIVER;
    const OWNERSHIP: Ownership = Ownership::Owned;

    fn lend(&mut self) -> &mut Client {
        &mut self.0
    }

    fn client(&self) -> &Client {
        &self.0
    }
}
