//! Pools of r2d2.

use std::fmt;

use ::diesel::connection::Connection;
use ::diesel::r2d2::{ManageConnection, Pool, PooledConnection, R2D2Connection};

use super::transaction::{Diesel, DieselTransaction};
use crate::drivers::diesel_steps::{DieselBlock, Hold, Ownership};
use crate::error::BoxError;
use crate::transaction::Begin;

/// A connection that nobody else has until it is dropped.
pub struct Pooled<M: ManageConnection>(PooledConnection<M>);

impl<M: ManageConnection> fmt::Debug for Pooled<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pooled")
    }
}

/// The body sees the pooled connection, so that it can call functions that take that, and those that
/// take what it dereferences to.
impl<M: ManageConnection> Hold for Pooled<M> {
    type Connection = M::Connection;
    type Handle<'t> = &'t mut PooledConnection<M>;

    fn ownership(&self) -> Ownership {
        Ownership::Pooled
    }

    fn lend(&mut self) -> &mut PooledConnection<M> {
        &mut self.0
    }

    fn connection(&mut self) -> &mut M::Connection {
        &mut self.0
    }
}

impl<M> Begin<Diesel> for PooledConnection<M>
where
    M: ManageConnection,
    M::Connection: Connection + R2D2Connection + Send + 'static,
{
    type Transaction = DieselTransaction<Pooled<M>>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        DieselBlock::on(Pooled(self))
    }
}

impl<M> Begin<Diesel> for &Pool<M>
where
    M: ManageConnection,
    M::Connection: Connection + R2D2Connection + Send + 'static,
{
    type Transaction = DieselTransaction<Pooled<M>>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        self.get()?.acquire_session()
    }
}

impl<M> Begin<Diesel> for Pool<M>
where
    M: ManageConnection,
    M::Connection: Connection + R2D2Connection + Send + 'static,
{
    type Transaction = DieselTransaction<Pooled<M>>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Begin::acquire_session(&self)
    }
}
