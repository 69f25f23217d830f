//! The sources of transactions.

use std::ops::DerefMut;

use sqlx_core::pool::{Pool, PoolConnection};
use sqlx_core::transaction::Transaction;

use super::backend::Backend;
use super::hold::{HasConnection, Pooled};
use super::transaction::SqlxTransaction;
use crate::error::BoxError;
use crate::transaction::{AsyncBegin, Owned};

/// Marks the sources of sqlx.
#[derive(Debug)]
pub enum Sqlx {}

impl<DB: Backend> AsyncBegin<Sqlx> for &Pool<DB> {
    type Transaction = SqlxTransaction<Pooled<DB>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(SqlxTransaction::new(Pooled::of(self).await?))
    }
}

impl<DB: Backend> AsyncBegin<Sqlx> for Pool<DB> {
    type Transaction = SqlxTransaction<Pooled<DB>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        AsyncBegin::acquire_session(&self).await
    }
}

impl<DB: Backend> AsyncBegin<Sqlx> for PoolConnection<DB> {
    type Transaction = SqlxTransaction<Pooled<DB>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
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

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(SqlxTransaction::after_catching_up(self).await)
    }
}

impl<'c, DB: Backend> AsyncBegin<Sqlx> for &'c mut PoolConnection<DB> {
    type Transaction = SqlxTransaction<&'c mut PoolConnection<DB>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(SqlxTransaction::after_catching_up(self).await)
    }
}

impl<'c, 't, DB: Backend> AsyncBegin<Sqlx> for &'c mut Transaction<'t, DB> {
    type Transaction = SqlxTransaction<&'c mut Transaction<'t, DB>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(SqlxTransaction::after_catching_up(self).await)
    }
}

/// The connection types, which messages of the compiler list where a source is none.
macro_rules! connection {
    ($database:ty, $connection:ty) => {
        impl $crate::drivers::sqlx::hold::HasConnection for $connection {
            type Database = $database;

            fn connection(&self) -> &$connection {
                self
            }

            fn connection_mut(&mut self) -> &mut $connection {
                self
            }
        }

        impl<'c> From<&'c mut $connection> for $crate::drivers::sqlx::Source<'c, $database> {
            fn from(connection: &'c mut $connection) -> Self {
                Self::of_connection(connection)
            }
        }

        impl<'c> $crate::transaction::AsyncBegin<$crate::drivers::sqlx::sources::Sqlx>
            for &'c mut $connection
        {
            type Transaction =
                $crate::drivers::sqlx::transaction::SqlxTransaction<&'c mut $connection>;

            async fn acquire_session(self) -> Result<Self::Transaction, $crate::error::BoxError> {
                Ok(
                    $crate::drivers::sqlx::transaction::SqlxTransaction::after_catching_up(self)
                        .await,
                )
            }
        }
    };
}
pub(super) use connection;
