//! Pools of bb8.

use std::fmt;

use ::bb8::{ManageConnection, Pool, PooledConnection};
use ::diesel_async::AsyncConnection;
use ::diesel_async::pooled_connection::AsyncDieselConnectionManager;

use super::source::{self, SourcePool};
use super::transaction::{AsyncHold, DieselAsync, DieselAsyncTransaction};
#[cfg(feature = "ambient")]
use crate::ambient::Lease;
use crate::drivers::diesel_steps::{DieselBlock, Hold, Ownership};
use crate::error::BoxError;
use crate::transaction::{AsyncBegin, Keeper};

/// A connection that was given to the block.
pub struct Given<'p, M: ManageConnection>(PooledConnection<'p, M>);

/// A connection of a pool that is kept alive by it.
pub struct Taken<M: ManageConnection>(PooledConnection<'static, M>);

/// The body sees the pooled connection, so that it can call functions that take that, and those that
/// take what it dereferences to.
macro_rules! hold {
    ([$($lifetime:lifetime)?] $holder:ident, $pooled:lifetime) => {
        impl<$($lifetime,)? M: ManageConnection> fmt::Debug for $holder<$($lifetime,)? M> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(stringify!($holder))
            }
        }

        impl<$($lifetime,)? M: ManageConnection> Hold for $holder<$($lifetime,)? M> {
            type Connection = M::Connection;
            type Handle<'t>
                = &'t mut PooledConnection<$pooled, M>
            where
                Self: 't;

            fn ownership(&self) -> Ownership {
                Ownership::Pooled
            }

            fn lend(&mut self) -> &mut PooledConnection<$pooled, M> {
                &mut self.0
            }

            fn connection(&mut self) -> &mut M::Connection {
                &mut self.0
            }
        }
    };
}
hold!(['p] Given, 'p);
hold!([] Taken, 'static);

impl<M: ManageConnection<Connection: AsyncConnection>> AsyncHold for Given<'_, M> {}

impl<M: ManageConnection<Connection: AsyncConnection>> AsyncHold for Taken<M> {
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
    type Transaction = DieselAsyncTransaction<Given<'p, M>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        DieselBlock::on(Given(self))
    }
}

impl<M> AsyncBegin<DieselAsync> for &Pool<M>
where
    M: ManageConnection<Error: std::error::Error + Send + Sync + 'static>,
    M::Connection: AsyncConnection,
{
    type Transaction = DieselAsyncTransaction<Taken<M>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        DieselBlock::on(Taken(self.get_owned().await?))
    }
}

impl<M> AsyncBegin<DieselAsync> for Pool<M>
where
    M: ManageConnection<Error: std::error::Error + Send + Sync + 'static>,
    M::Connection: AsyncConnection,
{
    type Transaction = DieselAsyncTransaction<Taken<M>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        AsyncBegin::acquire_session(&self).await
    }
}

type Connections<C> = AsyncDieselConnectionManager<C>;

source::connections!(
    ManageConnection,
    Pool,
    Connection,
    PooledConnection<'_, Connections<C>>
);

impl<M> SourcePool for Pool<M>
where
    M: ManageConnection<Error: std::error::Error + Send + Sync + 'static>,
    M::Connection: AsyncConnection + 'static,
{
    type Connection = M::Connection;

    type Taken = Taken<M>;

    async fn take(&self) -> Result<Taken<M>, BoxError> {
        Ok(Taken(self.get_owned().await?))
    }

    #[cfg(feature = "ambient")]
    fn taken(transaction: DieselAsyncTransaction<Taken<M>>) -> Taken<M> {
        transaction.holder
    }

    #[cfg(feature = "ambient")]
    fn leased(lease: &mut Lease<Self>) -> &mut M::Connection {
        lease
    }
}

#[cfg(feature = "ambient")]
mod handle {
    use std::time::Duration;

    use super::{
        AsyncBegin, AsyncConnection, BoxError, DieselAsync, DieselAsyncTransaction,
        ManageConnection, Pool, PooledConnection, Taken,
    };
    use crate::ambient;
    use crate::drivers::diesel_steps::Steps;

    impl<M> ambient::Pool for Pool<M>
    where
        M: ManageConnection<Error: std::error::Error + Send + Sync + 'static>,
        M::Connection: AsyncConnection,
    {
        type Transaction = DieselAsyncTransaction<Taken<M>>;

        type Database = DieselAsync;

        type Steps = Steps;

        fn steps(transaction: &Self::Transaction) -> Steps {
            transaction.steps_of_another_block()
        }

        fn swap(transaction: &mut Self::Transaction, steps: &mut Steps) {
            std::mem::swap(&mut transaction.steps, steps);
        }

        /// bb8 shows nothing that clones of a pool have in common.
        fn address(&self) -> Option<usize> {
            None
        }

        fn patience(&self) -> Duration {
            ambient::PATIENCE
        }

        async fn acquire(&self) -> Result<Self::Transaction, BoxError> {
            AsyncBegin::acquire_session(self).await
        }
    }

    impl<M> ambient::Leasable for Pool<M>
    where
        M: ManageConnection<Error: std::error::Error + Send + Sync + 'static>,
        M::Connection: AsyncConnection,
    {
        type Connection = PooledConnection<'static, M>;

        fn connection(transaction: &Self::Transaction) -> &PooledConnection<'static, M> {
            &transaction.holder.0
        }

        fn connection_mut(
            transaction: &mut Self::Transaction,
        ) -> &mut PooledConnection<'static, M> {
            &mut transaction.holder.0
        }
    }
}
