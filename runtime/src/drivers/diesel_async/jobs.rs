//! Jobs, stored through diesel-async.

#[cfg(all(
    feature = "ambient",
    any(feature = "diesel-async-bb8", feature = "diesel-async-deadpool")
))]
use ::diesel_async::AsyncConnectionCore;
use ::diesel_async::methods::LoadQuery;
#[cfg(all(feature = "ambient", feature = "diesel-async-deadpool"))]
use ::diesel_async::pooled_connection::AsyncDieselConnectionManager;
use ::diesel_async::{AsyncConnection, RunQueryDsl};

use super::transaction::DieselAsync;
#[cfg(all(
    feature = "ambient",
    any(feature = "diesel-async-bb8", feature = "diesel-async-deadpool")
))]
use crate::ambient::Handle;
use crate::drivers::diesel_steps::Driver;
use crate::drivers::diesel_steps::jobs::{ByDriver, Number, Statement, Stores};
use crate::error::BoxError;
use crate::jobs::{AsyncInsert, Row, async_target};
use crate::transaction::ConnectionId;

/// Finds a connection of diesel-async behind what leads to it.
pub trait ByAsyncConnection: Sized {
    /// The connection itself.
    fn target_of_job(&mut self) -> ByDriver<'_, DieselAsync, Self> {
        ByDriver::new(self)
    }
}

impl<C: AsyncConnection> ByAsyncConnection for C {}

impl<C> AsyncInsert for ByDriver<'_, DieselAsync, C>
where
    C: AsyncConnection<Backend: Stores>,
    Statement<C::Backend>: LoadQuery<'static, C, Number> + Send,
{
    fn is_on(&mut self, connection: ConnectionId) -> bool {
        ConnectionId::of(DieselAsync::status(self.connection)) == connection
    }

    async fn insert(&mut self, row: Row) -> Result<i64, BoxError> {
        let statement = C::Backend::statement(row)?;
        let Number(number) = statement.get_result(self.connection).await?;
        Ok(number)
    }
}

async_target!(
    [C: AsyncConnection<Backend: Stores>] ByDriver<'_, DieselAsync, C>,
    Statement<C::Backend>: LoadQuery<'static, C, Number> + Send
);

#[cfg(feature = "diesel-async-bb8")]
impl<M: ::bb8::ManageConnection> crate::jobs::Useless for ::bb8::Pool<M> {}

/// Has jobs stored by the handles of a pool, on the connection of which a lease is had.
#[cfg(all(
    feature = "ambient",
    any(feature = "diesel-async-bb8", feature = "diesel-async-deadpool")
))]
macro_rules! leases {
    ([$($generics:tt)*] $pool:ty, $connection:ty, $($bounds:tt)*) => {
        impl<$($generics)*> AsyncInsert for &Handle<$pool>
        where
            $connection: AsyncConnection<Backend: Stores>,
            Statement<<$connection as AsyncConnectionCore>::Backend>:
                LoadQuery<'static, $connection, Number> + Send,
            $($bounds)*
        {
            fn is_on(&mut self, connection: ConnectionId) -> bool {
                self.is_on_connection(connection)
            }

            async fn insert(&mut self, row: Row) -> Result<i64, BoxError> {
                let mut lease = self.acquire().await?;
                let connection: &mut $connection = &mut lease;
                ByDriver::<DieselAsync, _>::new(connection).insert(row).await
            }
        }

        async_target!(
            [$($generics)*] &Handle<$pool>,
            $connection: AsyncConnection<Backend: Stores>,
            Statement<<$connection as AsyncConnectionCore>::Backend>:
                LoadQuery<'static, $connection, Number> + Send,
            $($bounds)*
        );
    };
}

#[cfg(all(feature = "ambient", feature = "diesel-async-bb8"))]
leases!(
    [M] ::bb8::Pool<M>, M::Connection,
    M: ::bb8::ManageConnection<Error: std::error::Error + Send + Sync + 'static>
);

#[cfg(all(feature = "ambient", feature = "diesel-async-deadpool"))]
leases!(
    [C: 'static] ::deadpool::managed::Pool<AsyncDieselConnectionManager<C>>, C,
    AsyncDieselConnectionManager<C>: ::deadpool::managed::Manager<
            Type = C,
            Error: std::error::Error + Send + Sync + 'static,
        > + 'static
);
