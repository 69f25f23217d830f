//! A connection that a handle leads to, for as long as somebody wants it.

use std::fmt;
use std::ops::{Deref, DerefMut};

use sqlx_core::pool::PoolConnection;

use super::backend::Backend;
use super::db::TransactionOf;
use super::hold::HasConnection;
use super::sources::Sqlx;
use super::transaction::SqlxTransaction;
use crate::ambient::Turn;
use crate::error::BoxError;
use crate::transaction::AsyncBegin;

/// The connection of an open transaction, or one of the pool, until it is dropped: see [`Db::acquire`](super::Db::acquire).
pub struct Lease<DB: Backend>(Leased<DB>);

enum Leased<DB: Backend> {
    OfTurn(Turn<TransactionOf<DB>>),
    OfPool(PoolConnection<DB>),
}

impl<DB: Backend> Lease<DB> {
    pub(super) fn of_turn(turn: Turn<TransactionOf<DB>>) -> Self {
        Self(Leased::OfTurn(turn))
    }

    pub(super) fn of_pool(connection: PoolConnection<DB>) -> Self {
        Self(Leased::OfPool(connection))
    }
}

impl<DB: Backend> fmt::Debug for Lease<DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Leased::OfTurn(_) => "Lease(in a transaction)",
            Leased::OfPool(_) => "Lease(of the pool)",
        })
    }
}

impl<DB: Backend> Deref for Lease<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        match &self.0 {
            Leased::OfTurn(turn) => turn.connection(),
            Leased::OfPool(connection) => connection,
        }
    }
}

impl<DB: Backend> DerefMut for Lease<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        match &mut self.0 {
            Leased::OfTurn(turn) => turn.connection_mut(),
            Leased::OfPool(connection) => connection,
        }
    }
}

impl<DB: Backend> HasConnection for Lease<DB> {
    type Database = DB;

    fn connection(&self) -> &DB::Connection {
        self
    }

    fn connection_mut(&mut self) -> &mut DB::Connection {
        self
    }
}

impl<'l, DB: Backend> AsyncBegin<Sqlx> for &'l mut Lease<DB> {
    type Transaction = SqlxTransaction<&'l mut Lease<DB>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(SqlxTransaction::after_catching_up(self).await)
    }
}
