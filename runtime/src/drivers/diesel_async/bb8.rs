//! Pools of bb8.

use std::fmt;

use ::bb8::{ManageConnection, Pool, PooledConnection};
use ::diesel_async::AsyncConnection;

use super::{DieselAsync, DieselAsyncTransaction};
use crate::drivers::diesel_steps::{DieselBlock, Hold, Ownership};
use crate::error::BoxError;
use crate::transaction::AsyncBegin;

/// A connection that nobody else has until it is dropped.
pub struct Bb8<'p, M: ManageConnection>(PooledConnection<'p, M>);

impl<M: ManageConnection> fmt::Debug for Bb8<'_, M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Bb8")
    }
}

/// The body sees the pooled connection, so that it can call functions that take that, and those that
/// take what it dereferences to.
impl<'p, M: ManageConnection> Hold for Bb8<'p, M> {
    type Connection = M::Connection;
    type Handle<'t>
        = &'t mut PooledConnection<'p, M>
    where
        'p: 't;

    const OWNERSHIP: Ownership = Ownership::Pooled;

    fn lend(&mut self) -> &mut PooledConnection<'p, M> {
        &mut self.0
    }

    fn connection(&mut self) -> &mut M::Connection {
        &mut self.0
    }
}

impl<'p, M> AsyncBegin<DieselAsync> for PooledConnection<'p, M>
where
    M: ManageConnection,
    M::Connection: AsyncConnection,
{
    type Transaction = DieselAsyncTransaction<Bb8<'p, M>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        DieselBlock::on(Bb8(self))
    }
}

impl<'p, M> AsyncBegin<DieselAsync> for &'p Pool<M>
where
    M: ManageConnection<Error: std::error::Error + Send + Sync + 'static>,
    M::Connection: AsyncConnection,
{
    type Transaction = DieselAsyncTransaction<Bb8<'p, M>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        self.get().await?.acquire().await
    }
}

impl<M> AsyncBegin<DieselAsync> for Pool<M>
where
    M: ManageConnection<Error: std::error::Error + Send + Sync + 'static>,
    M::Connection: AsyncConnection,
{
    type Transaction = DieselAsyncTransaction<Bb8<'static, M>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        self.get_owned().await?.acquire().await
    }
}
