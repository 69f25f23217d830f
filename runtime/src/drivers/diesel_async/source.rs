//! A source that is a pool or a connection, whichever its caller has.

use std::fmt;
use std::future::Future;

use ::diesel_async::AsyncConnection;

use super::transaction::{AsyncHold, DieselAsync, DieselAsyncTransaction};
#[cfg(feature = "ambient")]
use crate::ambient::{Handle, Leasable, Lease, Pool};
use crate::drivers::diesel_steps::{DieselBlock, Hold, Ownership};
use crate::error::BoxError;
use crate::transaction::{AsyncBegin, Keeper};

/// A pool, or a connection: for a function that is a transaction of its own for one caller, and a savepoint for another.
///
/// `P` is the pool, `Pool<C>` of deadpool or bb8, and the body sees `&mut C`. Made of `&P`, `&mut C`, a pooled connection behind a `&mut`, and with the
/// feature `ambient` of the handle `&Handle<P>`: in its transaction a savepoint, on the connection of which the function has a lease.
///
/// ```
/// # #[cfg(feature = "diesel-async-deadpool")]
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::commit_on_success;
/// use commit_on_success::drivers::diesel_async::Source;
/// use diesel::prelude::*;
/// use diesel_async::pooled_connection::AsyncDieselConnectionManager;
/// use diesel_async::pooled_connection::deadpool::Pool;
/// use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
/// use diesel_async::{AsyncConnection, RunQueryDsl};
///
/// diesel::table! { object (title) { title -> Text, } }
///
/// type Objects = Pool<SyncConnectionWrapper<SqliteConnection>>;
///
/// #[commit_on_success(tx = source.into())]
/// async fn store(source: impl Into<Source<'_, Objects>>, title: &str) -> QueryResult<()> {
///     diesel::insert_into(object::table).values(object::title.eq(title)).execute(tx).await?;
///     Ok(())
/// }
///
/// # use diesel_async::SimpleAsyncConnection as _;
/// let pool: Objects = Pool::builder(AsyncDieselConnectionManager::new(":memory:")).max_size(1).build()?;
/// # pool.get().await?.batch_execute("CREATE TABLE object (title TEXT)").await?;
/// store(&pool, "alone").await?; // a transaction
/// let mut conn = pool.get().await?;
/// conn.transaction(async |conn| store(conn, "in another one").await).await?; // a savepoint
/// # assert_eq!(object::table.count().get_result::<i64>(&mut conn).await?, 2);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "diesel-async-deadpool"))]
/// # fn main() {}
/// ```
pub struct Source<'s, P: SourcePool>(Origin<'s, P>);

enum Origin<'s, P: SourcePool> {
    Pool(P),
    Connection(&'s mut <P as SourcePool>::Connection),
    #[cfg(feature = "ambient")]
    Handle(Handle<P>),
}

/// A pool whose connections handles can lease, as far as there are any.
#[cfg(feature = "ambient")]
pub trait MayHaveHandles: Leasable {}

#[cfg(feature = "ambient")]
impl<P: Leasable> MayHaveHandles for P {}

/// A pool of which there are no handles.
#[cfg(not(feature = "ambient"))]
pub trait MayHaveHandles {}

#[cfg(not(feature = "ambient"))]
impl<P> MayHaveHandles for P {}

/// A pool that a source can be made of.
pub trait SourcePool: MayHaveHandles + Clone + Send + Sync + 'static {
    /// The connection.
    type Connection: AsyncConnection + 'static;

    /// What is taken from the pool.
    type Taken: AsyncHold<Connection = <Self as SourcePool>::Connection> + 'static;

    /// Takes a connection from the pool.
    fn take(&self) -> impl Future<Output = Result<Self::Taken, BoxError>> + Send;

    /// What a transaction of the pool has taken from it.
    #[cfg(feature = "ambient")]
    fn taken(transaction: <Self as Pool>::Transaction) -> Self::Taken;

    /// Leads to the connection.
    #[cfg(feature = "ambient")]
    fn leased(lease: &mut Lease<Self>) -> &mut <Self as SourcePool>::Connection;
}

impl<P: SourcePool> fmt::Debug for Source<'_, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Source")
    }
}

impl<P: SourcePool> From<&P> for Source<'_, P> {
    fn from(pool: &P) -> Self {
        Self(Origin::Pool(pool.clone()))
    }
}

#[cfg(feature = "ambient")]
impl<P: SourcePool> From<&Handle<P>> for Source<'_, P> {
    fn from(handle: &Handle<P>) -> Self {
        Self(Origin::Handle(handle.clone()))
    }
}

impl<'s, P: SourcePool> Source<'s, P> {
    pub(super) fn of_connection(connection: &'s mut <P as SourcePool>::Connection) -> Self {
        Self(Origin::Connection(connection))
    }
}

impl<'s, P: SourcePool> AsyncBegin<DieselAsync> for Source<'s, P> {
    type Transaction = DieselAsyncTransaction<Had<'s, P>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        DieselBlock::on(match self.0 {
            Origin::Pool(pool) => Had::Pooled(pool.take().await?),
            Origin::Connection(connection) => Had::Borrowed(connection),
            #[cfg(feature = "ambient")]
            Origin::Handle(handle) => match handle.acquire().await?.into_own() {
                Ok(own) => Had::Pooled(P::taken(own)),
                Err(lease) => Had::Leased(lease),
            },
        })
    }
}

/// The connection of a source that was a pool or a connection.
pub enum Had<'s, P: SourcePool> {
    Pooled(P::Taken),
    Borrowed(&'s mut <P as SourcePool>::Connection),
    #[cfg(feature = "ambient")]
    Leased(Lease<P>),
}

impl<P: SourcePool> Had<'_, P> {
    fn taken(&self) -> Option<&P::Taken> {
        let Self::Pooled(taken) = self else {
            return None;
        };
        Some(taken)
    }
}

impl<P: SourcePool> fmt::Debug for Had<'_, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Had")
    }
}

impl<P: SourcePool> Hold for Had<'_, P> {
    type Connection = <P as SourcePool>::Connection;
    type Handle<'t>
        = &'t mut <P as SourcePool>::Connection
    where
        Self: 't;

    fn ownership(&self) -> Ownership {
        self.taken().map_or(Ownership::Borrowed, Hold::ownership)
    }

    fn lend(&mut self) -> &mut Self::Connection {
        self.connection()
    }

    fn connection(&mut self) -> &mut Self::Connection {
        match self {
            Self::Pooled(taken) => taken.connection(),
            Self::Borrowed(connection) => connection,
            #[cfg(feature = "ambient")]
            Self::Leased(lease) => P::leased(lease),
        }
    }

    fn pool(&self) -> Option<usize> {
        self.taken().and_then(Hold::pool)
    }

    fn close(&mut self) {
        if let Self::Pooled(taken) = self {
            taken.close();
        }
    }
}

impl<P: SourcePool> AsyncHold for Had<'_, P> {
    fn keep<K: Keeper<DieselAsyncTransaction<Self>>>(
        transaction: DieselAsyncTransaction<Self>,
        keeper: K,
    ) -> K::Kept {
        match transaction.into_parts() {
            (Self::Pooled(taken), steps) => {
                let owned: DieselAsyncTransaction<_> = DieselBlock::of_parts(taken, steps);
                keeper.of_owned(owned, |owned| {
                    let (taken, steps) = owned.into_parts();
                    DieselBlock::of_parts(Self::Pooled(taken), steps)
                })
            }
            (had, steps) => keeper.of_borrowed(DieselBlock::of_parts(had, steps)),
        }
    }
}

/// The connections that sources with a pool can be made of: by themselves, and behind what the pool gives.
macro_rules! connections {
    ($manager:ident, $pool:ident, $connection:ident, $pooled:ty) => {
        impl<'s, C> From<&'s mut C> for $crate::drivers::diesel_async::Source<'s, $pool<Connections<C>>>
        where
            C: AsyncConnection + 'static,
            Connections<C>:
                $manager<$connection = C, Error: std::error::Error + Send + Sync + 'static> + 'static,
        {
            fn from(connection: &'s mut C) -> Self {
                Self::of_connection(connection)
            }
        }

        impl<'s, C> From<&'s mut $pooled> for $crate::drivers::diesel_async::Source<'s, $pool<Connections<C>>>
        where
            C: AsyncConnection + 'static,
            Connections<C>:
                $manager<$connection = C, Error: std::error::Error + Send + Sync + 'static> + 'static,
        {
            fn from(pooled: &'s mut $pooled) -> Self {
                Self::of_connection(pooled)
            }
        }
    };
}
pub(super) use connections;
