//! The kinds of sources, and the way from each of them to its connection.

use std::fmt;
use std::ops::DerefMut;

use sqlx_core::database::Database;
use sqlx_core::pool::{Pool, PoolConnection};
use sqlx_core::transaction::Transaction;

use super::backend::Backend;
use super::transaction::SqlxTransaction;
use crate::transaction::{Keeper, Owned};

/// The connection type that a type leads to.
type ConnectionOf<C> = <<C as HasConnection>::Database as Database>::Connection;

/// A type that is a connection of sqlx, or leads to one.
pub trait HasConnection: Send {
    /// The database.
    type Database: Backend;

    /// Leads to the connection.
    fn connection(&self) -> &ConnectionOf<Self>;

    /// Leads to the connection.
    fn connection_mut(&mut self) -> &mut ConnectionOf<Self>;

    /// Keeps the connection from its next user, where that is possible.
    fn close(&mut self) {}
}

impl<DB: Backend> HasConnection for PoolConnection<DB> {
    type Database = DB;

    fn connection(&self) -> &DB::Connection {
        self
    }

    fn connection_mut(&mut self) -> &mut DB::Connection {
        self
    }

    fn close(&mut self) {
        self.close_on_drop();
    }
}

impl<DB: Backend> HasConnection for Transaction<'_, DB> {
    type Database = DB;

    fn connection(&self) -> &DB::Connection {
        self
    }

    fn connection_mut(&mut self) -> &mut DB::Connection {
        self
    }
}

/// A kind of source.
pub trait Hold: HasConnection {
    /// The body's view of the connection.
    type Handle<'t>
    where
        Self: 't;

    /// The next user of the connection.
    fn ownership(&self) -> Ownership;

    /// Lends the connection to the body.
    fn lend(&mut self) -> Self::Handle<'_>;

    /// Gives a transaction to a keeper.
    fn keep<K: Keeper<SqlxTransaction<Self>>>(
        transaction: SqlxTransaction<Self>,
        keeper: K,
    ) -> K::Kept
    where
        Self: Sized,
    {
        keeper.of_borrowed(transaction)
    }

    /// The connection, where a pool takes it back after the block.
    fn pooled(&mut self) -> Option<&mut PoolConnection<Self::Database>> {
        None
    }

    /// The pool that has another connection, once this one is broken.
    fn pool(&self) -> Option<&Pool<Self::Database>> {
        None
    }
}

/// The next user of a connection, after the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Its owner, who lends it to the block.
    Borrowed,
    /// The next one who asks for the guard.
    Guarded,
    /// The next one who asks the pool, if the connection is not closed.
    Pooled,
}

/// A connection of a pool that nobody else has.
pub struct Pooled<DB: Database> {
    pub(super) connection: PoolConnection<DB>,
    /// The pool that it came from, if that is known.
    pub(super) pool: Option<Pool<DB>>,
}

impl<DB: Backend> Pooled<DB> {
    // Acquires first and begins later: `Pool::begin` of sqlx 0.9, cancelled at the right moment,
    // gives a connection with an open transaction back to the pool.
    pub(super) async fn of(pool: &Pool<DB>) -> Result<Self, sqlx_core::Error> {
        Ok(Self {
            connection: pool.acquire().await?,
            pool: Some(pool.clone()),
        })
    }
}

impl<DB: Database> fmt::Debug for Pooled<DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pooled")
    }
}

impl<DB: Backend> HasConnection for Pooled<DB> {
    type Database = DB;

    fn connection(&self) -> &DB::Connection {
        &self.connection
    }

    fn connection_mut(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }

    fn close(&mut self) {
        self.connection.close_on_drop();
    }
}

impl<DB: Backend> Hold for Pooled<DB> {
    type Handle<'t> = &'t mut DB::Connection;

    fn ownership(&self) -> Ownership {
        Ownership::Pooled
    }

    fn lend(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }

    fn keep<K: Keeper<SqlxTransaction<Self>>>(
        transaction: SqlxTransaction<Self>,
        keeper: K,
    ) -> K::Kept {
        keeper.of_owned(transaction, |transaction| transaction)
    }

    fn pooled(&mut self) -> Option<&mut PoolConnection<DB>> {
        Some(&mut self.connection)
    }

    fn pool(&self) -> Option<&Pool<DB>> {
        self.pool.as_ref()
    }
}

impl<G: DerefMut<Target: HasConnection> + Send> HasConnection for Owned<G> {
    type Database = <G::Target as HasConnection>::Database;

    fn connection(&self) -> &ConnectionOf<Self> {
        self.0.connection()
    }

    fn connection_mut(&mut self) -> &mut ConnectionOf<Self> {
        self.0.connection_mut()
    }

    fn close(&mut self) {
        self.0.close();
    }
}

impl<G: DerefMut<Target: HasConnection> + Send> Hold for Owned<G> {
    type Handle<'t>
        = &'t mut ConnectionOf<Self>
    where
        G: 't;

    fn ownership(&self) -> Ownership {
        Ownership::Guarded
    }

    fn lend(&mut self) -> &mut ConnectionOf<Self> {
        self.0.connection_mut()
    }
}

impl<C: HasConnection> HasConnection for &mut C {
    type Database = C::Database;

    fn connection(&self) -> &ConnectionOf<C> {
        C::connection(self)
    }

    fn connection_mut(&mut self) -> &mut ConnectionOf<C> {
        C::connection_mut(self)
    }

    fn close(&mut self) {
        C::close(self);
    }
}

impl<'c, C: HasConnection> Hold for &'c mut C {
    type Handle<'t>
        = &'t mut C
    where
        'c: 't;

    fn ownership(&self) -> Ownership {
        Ownership::Borrowed
    }

    fn lend(&mut self) -> &mut C {
        self
    }
}
