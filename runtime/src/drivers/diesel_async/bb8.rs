//! Pools of bb8.

use std::fmt;

use ::bb8::{ManageConnection, Pool, PooledConnection};
use ::diesel_async::AsyncConnection;

use super::{AsyncHold, DieselAsync, DieselAsyncTransaction};
use crate::drivers::diesel_steps::{DieselBlock, Hold, Ownership};
use crate::error::BoxError;
use crate::transaction::{AsyncBegin, Keeper};

/// A connection that nobody else has until it is dropped. `KEPT` says that it borrows nothing.
pub struct Bb8<'p, M: ManageConnection, const KEPT: bool>(PooledConnection<'p, M>);

impl<M: ManageConnection, const KEPT: bool> fmt::Debug for Bb8<'_, M, KEPT> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Bb8")
    }
}

/// The body sees the pooled connection, so that it can call functions that take that, and those that
/// take what it dereferences to.
impl<'p, M: ManageConnection, const KEPT: bool> Hold for Bb8<'p, M, KEPT> {
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

impl<M> AsyncHold for Bb8<'_, M, false>
where
    M: ManageConnection,
    M::Connection: AsyncConnection,
{
}

impl<M> AsyncHold for Bb8<'static, M, true>
where
    M: ManageConnection,
    M::Connection: AsyncConnection,
{
    fn keep<K: Keeper<DieselAsyncTransaction<Self>>>(
        transaction: DieselAsyncTransaction<Self>,
        keeper: K,
    ) -> K::Kept {
        keeper.of_owned(transaction, |transaction| transaction)
    }
}

impl<'p, M> AsyncBegin<DieselAsync> for PooledConnection<'p, M>
where
    M: ManageConnection,
    M::Connection: AsyncConnection,
{
    type Transaction = DieselAsyncTransaction<Bb8<'p, M, false>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        DieselBlock::on(Bb8(self))
    }
}

impl<M> AsyncBegin<DieselAsync> for &Pool<M>
where
    M: ManageConnection<Error: std::error::Error + Send + Sync + 'static>,
    M::Connection: AsyncConnection,
{
    type Transaction = DieselAsyncTransaction<Bb8<'static, M, true>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        DieselBlock::on(Bb8(self.get_owned().await?))
    }
}

impl<M> AsyncBegin<DieselAsync> for Pool<M>
where
    M: ManageConnection<Error: std::error::Error + Send + Sync + 'static>,
    M::Connection: AsyncConnection,
{
    type Transaction = DieselAsyncTransaction<Bb8<'static, M, true>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        AsyncBegin::acquire(&self).await
    }
}
