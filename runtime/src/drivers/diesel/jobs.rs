//! Jobs, stored through diesel.

use ::diesel::RunQueryDsl;
use ::diesel::connection::Connection;
use ::diesel::query_dsl::methods::LoadQuery;

use super::transaction::Diesel;
use crate::drivers::diesel_steps::Driver;
use crate::drivers::diesel_steps::jobs::{ByDriver, Number, Statement, Stores};
use crate::error::BoxError;
use crate::jobs::{Insert, Row, sync_target};
use crate::transaction::ConnectionId;

/// Finds a connection of diesel behind what leads to it.
pub trait ByConnection: Sized {
    /// The connection itself.
    fn target_of_job(&mut self) -> ByDriver<'_, Diesel, Self> {
        ByDriver::new(self)
    }
}

impl<C: Connection> ByConnection for C {}

impl<C> Insert for ByDriver<'_, Diesel, C>
where
    C: Connection<Backend: Stores>,
    Statement<C::Backend>: LoadQuery<'static, C, Number>,
{
    fn is_on(&mut self, connection: ConnectionId) -> bool {
        ConnectionId::of(Diesel::status(self.connection)) == connection
    }

    fn insert(&mut self, row: &Row) -> Result<i64, BoxError> {
        let statement = C::Backend::statement(row.clone())?;
        let Number(number) = statement.get_result(self.connection)?;
        Ok(number)
    }
}

sync_target!(
    [C: Connection<Backend: Stores>] ByDriver<'_, Diesel, C>,
    Statement<C::Backend>: LoadQuery<'static, C, Number>
);

#[cfg(feature = "diesel-r2d2")]
impl<M: ::diesel::r2d2::ManageConnection> crate::jobs::Useless for ::diesel::r2d2::Pool<M> {}

#[cfg(all(feature = "ambient", feature = "diesel-r2d2"))]
mod by_handle {
    use super::{
        BoxError, ByDriver, Connection, ConnectionId, Diesel, Insert, LoadQuery, Number, Row,
        Statement, Stores, sync_target,
    };
    use crate::drivers::diesel::Db;
    use ::diesel::r2d2::R2D2Connection;

    impl<C: Connection + R2D2Connection + Send + 'static> crate::jobs::ByRef for Db<C> {}

    impl<C> Insert for &Db<C>
    where
        C: Connection<Backend: Stores> + R2D2Connection + Send + 'static,
        Statement<C::Backend>: LoadQuery<'static, C, Number>,
    {
        fn is_on(&mut self, connection: ConnectionId) -> bool {
            self.is_on_connection(connection)
        }

        fn insert(&mut self, row: &Row) -> Result<i64, BoxError> {
            self.with(|connection| ByDriver::<Diesel, C>::new(connection).insert(row))
        }
    }

    sync_target!(
        [C: Connection<Backend: Stores> + R2D2Connection + Send + 'static] &Db<C>,
        Statement<C::Backend>: LoadQuery<'static, C, Number>
    );
}
