//! The handle of a pool of sqlx.

use std::time::Duration;

use sqlx_core::pool::Pool;

use super::backend::Backend;
use super::hold::{HasConnection, Pooled};
use super::sources::Sqlx;
use super::transaction::SqlxTransaction;
use crate::ambient;
use crate::error::BoxError;
use crate::transaction::AsyncBegin;

#[doc = include_str!("../../../docs/drivers/sqlx_db.md")]
pub type Db<DB> = ambient::Handle<Pool<DB>>;

/// What [`Db::acquire`] leads to.
pub type Lease<DB> = ambient::Lease<Pool<DB>>;

/// The address that stands for a pool and all of its clones.
pub(super) fn address<DB: Backend>(pool: &Pool<DB>) -> usize {
    std::ptr::from_ref(pool.options()).addr()
}

impl<DB: Backend> ambient::Pool for Pool<DB> {
    type Transaction = SqlxTransaction<Pooled<DB>>;

    type Database = DB;

    type Steps = ();

    fn steps(_: &Self::Transaction) {}

    fn swap(_: &mut Self::Transaction, (): &mut ()) {}

    fn address(&self) -> Option<usize> {
        Some(address(self))
    }

    fn patience(&self) -> Duration {
        self.options().get_acquire_timeout()
    }

    async fn acquire(&self) -> Result<Self::Transaction, BoxError> {
        AsyncBegin::acquire_session(self).await
    }
}

impl<DB: Backend> ambient::Leasable for Pool<DB> {
    type Connection = DB::Connection;

    fn connection(transaction: &Self::Transaction) -> &DB::Connection {
        transaction.connection()
    }

    fn connection_mut(transaction: &mut Self::Transaction) -> &mut DB::Connection {
        transaction.connection_mut()
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
