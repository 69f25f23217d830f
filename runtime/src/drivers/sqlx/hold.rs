//! How each kind of source leads to its connection.

use std::fmt;

use sqlx_core::database::Database;
use sqlx_core::pool::{Pool, PoolConnection};
use sqlx_core::transaction::Transaction;

use super::Backend;

/// How a source leads to its connection.
pub trait Hold: Send {
    /// The database.
    type Database: Backend;

    /// What the body sees.
    type Handle<'t>
    where
        Self: 't;

    /// Whether dropping the source gives the connection back.
    const OWNS: bool;

    /// Lends the connection to the body.
    fn lend(&mut self) -> Self::Handle<'_>;

    /// The connection itself.
    fn connection(&self) -> &<Self::Database as Database>::Connection;

    /// The connection itself.
    fn connection_mut(&mut self) -> &mut <Self::Database as Database>::Connection;

    /// Keeps the connection from its next user, where that is possible.
    fn close(&mut self) {}

    /// Where another connection can be had, once this one is broken.
    fn pool(&self) -> Option<&Pool<Self::Database>> {
        None
    }
}

/// A connection that nobody else has.
pub struct Owned<DB: Database> {
    pub(super) connection: PoolConnection<DB>,
    /// Where it came from, if that is known.
    pub(super) pool: Option<Pool<DB>>,
}

impl<DB: Database> fmt::Debug for Owned<DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Owned")
    }
}

impl<DB: Backend> Hold for Owned<DB> {
    type Database = DB;
    type Handle<'t> = &'t mut DB::Connection;

    const OWNS: bool = true;

    fn lend(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }

    fn connection(&self) -> &DB::Connection {
        &self.connection
    }

    fn connection_mut(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }

    fn close(&mut self) {
        self.connection.close_on_drop();
    }

    fn pool(&self) -> Option<&Pool<DB>> {
        self.pool.as_ref()
    }
}

impl<'c, DB: Backend> Hold for &'c mut PoolConnection<DB> {
    type Database = DB;
    type Handle<'t>
        = &'t mut PoolConnection<DB>
    where
        'c: 't;

    const OWNS: bool = false;

    fn lend(&mut self) -> &mut PoolConnection<DB> {
        self
    }

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

impl<'c, 't, DB: Backend> Hold for &'c mut Transaction<'t, DB> {
    type Database = DB;
    type Handle<'h>
        = &'h mut Transaction<'t, DB>
    where
        'c: 'h;

    const OWNS: bool = false;

    fn lend(&mut self) -> &mut Transaction<'t, DB> {
        self
    }

    fn connection(&self) -> &DB::Connection {
        self
    }

    fn connection_mut(&mut self) -> &mut DB::Connection {
        self
    }
}

/// A connection that is only borrowed.
pub struct Borrowed<'c, DB: Database>(pub(super) &'c mut DB::Connection);

impl<DB: Database> fmt::Debug for Borrowed<'_, DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Borrowed")
    }
}

impl<'c, DB: Backend> Hold for Borrowed<'c, DB> {
    type Database = DB;
    type Handle<'t>
        = &'t mut DB::Connection
    where
        'c: 't;

    const OWNS: bool = false;

    fn lend(&mut self) -> &mut DB::Connection {
        self.0
    }

    fn connection(&self) -> &DB::Connection {
        self.0
    }

    fn connection_mut(&mut self) -> &mut DB::Connection {
        self.0
    }
}
