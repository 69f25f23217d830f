//! Pools of deadpool.

use std::fmt;

use ::deadpool::managed::{Manager, Object, Pool};
use ::diesel_async::AsyncConnection;
use ::diesel_async::pooled_connection::AsyncDieselConnectionManager;

use super::source::{SourcePool, connections};
use super::transaction::{AsyncHold, DieselAsync, DieselAsyncTransaction};
#[cfg(feature = "ambient")]
use crate::ambient::Lease;
use crate::drivers::diesel_steps::{DieselBlock, Hold, Ownership};
use crate::error::BoxError;
use crate::transaction::{AsyncBegin, Keeper};

const TAKEN: &str = "taken only when it is dropped";

/// A connection that nobody else has until it is dropped.
pub struct Deadpool<M: Manager> {
    /// `None` once it is dropped.
    object: Option<Object<M>>,
    closed: bool,
}

impl<M: Manager> Deadpool<M> {
    fn new(object: Object<M>) -> Self {
        Self {
            object: Some(object),
            closed: false,
        }
    }

    #[cfg(feature = "ambient")]
    fn shared(&self) -> &Object<M> {
        match &self.object {
            Some(object) => object,
            None => unreachable!("{TAKEN}"),
        }
    }

    fn object(&mut self) -> &mut Object<M> {
        match &mut self.object {
            Some(object) => object,
            None => unreachable!("{TAKEN}"),
        }
    }
}

/// The pool looks at a connection only when the next one wants it, and until then its locks are kept.
impl<M: Manager> Drop for Deadpool<M> {
    fn drop(&mut self) {
        if self.closed {
            drop(self.object.take().map(Object::take));
        }
    }
}

impl<M: Manager> fmt::Debug for Deadpool<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Deadpool")
    }
}

/// The body sees the pooled connection, so that it can call functions that take that, and those that
/// take what it dereferences to.
impl<M: Manager> Hold for Deadpool<M> {
    type Connection = M::Type;
    type Handle<'t>
        = &'t mut Object<M>
    where
        M: 't;

    fn ownership(&self) -> Ownership {
        Ownership::Pooled
    }

    fn lend(&mut self) -> &mut Object<M> {
        self.object()
    }

    fn connection(&mut self) -> &mut M::Type {
        self.object()
    }

    #[cfg(feature = "ambient")]
    fn pool(&self) -> Option<usize> {
        Object::pool(self.shared()).map(|pool| address(&pool))
    }

    fn close(&mut self) {
        self.closed = true;
    }
}

impl<M> AsyncHold for Deadpool<M>
where
    M: Manager + 'static,
    M::Type: AsyncConnection,
{
    fn keep<K: Keeper<DieselAsyncTransaction<Self>>>(
        transaction: DieselAsyncTransaction<Self>,
        keeper: K,
    ) -> K::Kept {
        keeper.of_owned(transaction, |transaction| transaction)
    }
}

impl<M> AsyncBegin<DieselAsync> for Object<M>
where
    M: Manager + 'static,
    M::Type: AsyncConnection,
{
    type Transaction = DieselAsyncTransaction<Deadpool<M>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        DieselBlock::on(Deadpool::new(self))
    }
}

impl<M> AsyncBegin<DieselAsync> for &Pool<M>
where
    M: Manager<Error: std::error::Error + Send + Sync + 'static> + 'static,
    M::Type: AsyncConnection,
{
    type Transaction = DieselAsyncTransaction<Deadpool<M>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        self.get().await?.acquire_session().await
    }
}

impl<M> AsyncBegin<DieselAsync> for Pool<M>
where
    M: Manager<Error: std::error::Error + Send + Sync + 'static> + 'static,
    M::Type: AsyncConnection,
{
    type Transaction = DieselAsyncTransaction<Deadpool<M>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        AsyncBegin::acquire_session(&self).await
    }
}

type Connections<C> = AsyncDieselConnectionManager<C>;

connections!(Manager, Pool, Type, Object<Connections<C>>);

impl<C> SourcePool for Pool<Connections<C>>
where
    C: AsyncConnection + 'static,
    Connections<C>: Manager<Type = C, Error: std::error::Error + Send + Sync + 'static> + 'static,
{
    type Connection = C;

    type Taken = Deadpool<Connections<C>>;

    async fn take(&self) -> Result<Self::Taken, BoxError> {
        Ok(Deadpool::new(self.get().await?))
    }

    #[cfg(feature = "ambient")]
    fn taken(transaction: DieselAsyncTransaction<Self::Taken>) -> Self::Taken {
        transaction.holder
    }

    #[cfg(feature = "ambient")]
    fn leased(lease: &mut Lease<Self>) -> &mut C {
        lease
    }
}

#[cfg(feature = "ambient")]
mod handle {
    use std::time::Duration;

    use super::{
        AsyncBegin, AsyncConnection, BoxError, Connections, Deadpool, DieselAsync,
        DieselAsyncTransaction, Manager, Object, Pool,
    };
    use crate::ambient;
    use crate::drivers::diesel_steps::Steps;

    /// The address that stands for a pool and all of its clones.
    pub(super) fn address<M: Manager>(pool: &Pool<M>) -> usize {
        std::ptr::from_ref(pool.manager()).addr()
    }

    impl<C> ambient::Pool for Pool<Connections<C>>
    where
        C: AsyncConnection + 'static,
        Connections<C>:
            Manager<Type = C, Error: std::error::Error + Send + Sync + 'static> + 'static,
    {
        type Transaction = DieselAsyncTransaction<Deadpool<Connections<C>>>;

        type Database = DieselAsync;

        type Steps = Steps;

        fn steps(transaction: &Self::Transaction) -> Steps {
            transaction.steps_of_another_block()
        }

        fn swap(transaction: &mut Self::Transaction, steps: &mut Steps) {
            std::mem::swap(&mut transaction.steps, steps);
        }

        fn address(&self) -> Option<usize> {
            Some(address(self))
        }

        fn patience(&self) -> Duration {
            self.timeouts().wait.unwrap_or(ambient::PATIENCE)
        }

        async fn acquire(&self) -> Result<Self::Transaction, BoxError> {
            AsyncBegin::acquire_session(self).await
        }
    }

    impl<C> ambient::Leasable for Pool<Connections<C>>
    where
        C: AsyncConnection + 'static,
        Connections<C>:
            Manager<Type = C, Error: std::error::Error + Send + Sync + 'static> + 'static,
    {
        type Connection = Object<Connections<C>>;

        fn connection(transaction: &Self::Transaction) -> &Object<Connections<C>> {
            transaction.holder.shared()
        }

        fn connection_mut(transaction: &mut Self::Transaction) -> &mut Object<Connections<C>> {
            transaction.holder.object()
        }
    }
}
#[cfg(feature = "ambient")]
use handle::address;
