//! Jobs, stored through postgres.

use ::postgres::{Client, Transaction};

use crate::drivers::dialect::jobs;
use crate::drivers::postgres_steps::jobs::{arguments, number};
use crate::error::BoxError;
use crate::jobs::{ByMut, Insert, Row, sync_target};
use crate::transaction::ConnectionId;

macro_rules! stores_jobs {
    ($connection:ty) => {
        impl ByMut for $connection {}

        impl Insert for &mut $connection {
            fn is_on(&mut self, connection: ConnectionId) -> bool {
                ConnectionId::of::<$connection>(self) == connection
            }

            fn insert(&mut self, row: &Row) -> Result<i64, BoxError> {
                number(&self.query_typed(jobs::POSTGRESQL, &arguments(row))?)
            }
        }

        sync_target!([] &mut $connection);
    };
}

stores_jobs!(Client);
stores_jobs!(Transaction<'_>);
