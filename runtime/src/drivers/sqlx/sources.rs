//! What a transaction can be opened on.

use sqlx_core::pool::{Pool, PoolConnection};
use sqlx_core::transaction::Transaction;

use super::{Backend, Owned, Sqlx, SqlxTransaction};
use crate::error::BoxError;
use crate::transaction::AsyncBegin;

impl<DB: Backend> AsyncBegin<Sqlx> for &Pool<DB> {
    type Transaction = SqlxTransaction<Owned<DB>>;

    // Acquires first and begins later: `Pool::begin` of sqlx 0.9, cancelled at the right moment,
    // gives a connection with an open transaction back to the pool.
    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        let holder = Owned {
            connection: Pool::acquire(self).await?,
            pool: Some(self.clone()),
        };
        Ok(SqlxTransaction { holder })
    }
}

impl<DB: Backend> AsyncBegin<Sqlx> for Pool<DB> {
    type Transaction = SqlxTransaction<Owned<DB>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        AsyncBegin::acquire(&self).await
    }
}

impl<DB: Backend> AsyncBegin<Sqlx> for PoolConnection<DB> {
    type Transaction = SqlxTransaction<Owned<DB>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        let holder = Owned {
            connection: self,
            pool: None,
        };
        Ok(SqlxTransaction { holder })
    }
}

impl<'c, DB: Backend> AsyncBegin<Sqlx> for &'c mut PoolConnection<DB> {
    type Transaction = SqlxTransaction<&'c mut PoolConnection<DB>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        DB::catch_up(self).await;
        Ok(SqlxTransaction { holder: self })
    }
}

impl<'c, 't, DB: Backend> AsyncBegin<Sqlx> for &'c mut Transaction<'t, DB> {
    type Transaction = SqlxTransaction<&'c mut Transaction<'t, DB>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        DB::catch_up(self).await;
        Ok(SqlxTransaction { holder: self })
    }
}

/// `&mut C` for the connection types, which no blanket implementation can name.
macro_rules! borrowed {
    ($database:ty, $connection:ty) => {
        impl<'c> $crate::transaction::AsyncBegin<$crate::drivers::sqlx::Sqlx>
            for &'c mut $connection
        {
            type Transaction = $crate::drivers::sqlx::SqlxTransaction<
                $crate::drivers::sqlx::Borrowed<'c, $database>,
            >;

            async fn acquire(self) -> Result<Self::Transaction, $crate::error::BoxError> {
                <$database as $crate::drivers::sqlx::Backend>::catch_up(self).await;
                Ok($crate::drivers::sqlx::SqlxTransaction::borrowed(self))
            }
        }
    };
}
pub(crate) use borrowed;
