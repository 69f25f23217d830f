//! Jobs, stored through rusqlite.

use ::rusqlite::{Connection, params};

#[cfg(feature = "ambient")]
use super::Db;
use crate::drivers::dialect::jobs;
use crate::error::BoxError;
use crate::jobs::{ByRef, Insert, Row, sync_target};
use crate::transaction::ConnectionId;

impl ByRef for Connection {}

impl Insert for &Connection {
    fn is_on(&mut self, connection: ConnectionId) -> bool {
        ConnectionId::of::<Connection>(self) == connection
    }

    fn insert(&mut self, row: &Row) -> Result<i64, BoxError> {
        let mut insert = self.prepare_cached(jobs::SQLITE)?;
        let values = params![
            row.args,
            row.kind,
            row.max_attempts,
            row.priority,
            row.queue,
            row.delay
        ];
        Ok(insert.query_row(values, |row| row.get(0))?)
    }
}

sync_target!([] & Connection);

#[cfg(feature = "ambient")]
impl<G> ByRef for Db<G> {}

#[cfg(feature = "ambient")]
impl<G: std::ops::Deref<Target = Connection> + 'static> Insert for &Db<G> {
    fn is_on(&mut self, connection: ConnectionId) -> bool {
        self.is_on_connection(connection)
    }

    fn insert(&mut self, row: &Row) -> Result<i64, BoxError> {
        self.with(|mut connection| Insert::insert(&mut connection, row))
    }
}

#[cfg(feature = "ambient")]
sync_target!([G: std::ops::Deref<Target = Connection> + 'static] &Db<G>);
