//! The sources of transactions.

use std::ops::DerefMut;

use sqlx_core::pool::{Pool, PoolConnection};

use super::{Backend, HasConnection, Pooled, Sqlx, SqlxTransaction};
use crate::error::BoxError;
use crate::transaction::{AsyncBegin, Owned};

impl<DB: Backend> AsyncBegin<Sqlx> for &Pool<DB> {
    type Transaction = SqlxTransaction<Pooled<DB>>;

    // Acquires first and begins later: `Pool::begin` of sqlx 0.9, cancelled at the right moment,
    // gives a connection with an open transaction back to the pool.
    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        let pooled = Pooled {
            connection: Pool::acquire(self).await?,
            pool: Some(self.clone()),
        };
        Ok(SqlxTransaction::new(pooled))
    }
}

impl<DB: Backend> AsyncBegin<Sqlx> for Pool<DB> {
    type Transaction = SqlxTransaction<Pooled<DB>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        AsyncBegin::acquire(&self).await
    }
}

impl<DB: Backend> AsyncBegin<Sqlx> for PoolConnection<DB> {
    type Transaction = SqlxTransaction<Pooled<DB>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        let pooled = Pooled {
            connection: self,
            pool: None,
        };
        Ok(SqlxTransaction::after_catching_up(pooled).await)
    }
}

#[diagnostic::do_not_recommend]
impl<G: DerefMut<Target: HasConnection> + Send> AsyncBegin<Sqlx> for Owned<G> {
    type Transaction = SqlxTransaction<Self>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(SqlxTransaction::after_catching_up(self).await)
    }
}

/// Connections, those of a pool, and transactions.
#[diagnostic::do_not_recommend]
impl<'c, C: HasConnection> AsyncBegin<Sqlx> for &'c mut C {
    type Transaction = SqlxTransaction<&'c mut C>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(SqlxTransaction::after_catching_up(self).await)
    }
}
