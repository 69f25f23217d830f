//! Pools of bb8.

use std::fmt;

use ::bb8::{ManageConnection, Pool, PooledConnection};
use ::diesel_async::AsyncConnection;

use super::{DieselAsync, DieselAsyncTransaction, Hold, status_of};
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
impl<'p, M> Hold for Bb8<'p, M>
where
    M: ManageConnection,
    M::Connection: AsyncConnection,
{
    type Connection = M::Connection;
    type Handle<'t>
        = &'t mut PooledConnection<'p, M>
    where
        'p: 't;

    const OWNS: bool = true;

    fn lend(&mut self) -> &mut PooledConnection<'p, M> {
        &mut self.0
    }

    fn connection(&mut self) -> &mut M::Connection {
        &mut self.0
    }

    /// The pool discards what is broken as soon as it is dropped.
    fn close(&mut self) {
        status_of::<M::Connection>(&mut self.0).set_in_error();
    }
}

impl<'p, M> AsyncBegin<DieselAsync> for PooledConnection<'p, M>
where
    M: ManageConnection,
    M::Connection: AsyncConnection,
{
    type Transaction = DieselAsyncTransaction<Bb8<'p, M>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(DieselAsyncTransaction::on(Bb8(self)))
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
