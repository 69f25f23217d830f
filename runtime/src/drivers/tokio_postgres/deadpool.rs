//! `deadpool-postgres`: pools, pooled connections, and transactions begun by hand.
//!
//! | source | the body sees |
//! | --- | --- |
//! | `&Pool`, `Pool` | `&mut Object` (which is also called `Client`) |
//! | `Object` | `&mut Object` |
//! | `&mut Object` | the same |
//! | `&mut Transaction<'_>` | the same; always a savepoint |
//!
//! An `Object` dereferences to the `Client` of tokio-postgres, so that a body can call functions that take
//! either. A connection that came from a pool is given back before deferred calls run.
//!
//! A transaction that the last user of a pooled connection has left open is rolled back before one begins; no
//! recycling method of deadpool-postgres 0.14 does that. One whose future was dropped while a step of its own
//! was under way (`BEGIN`, `COMMIT`, `ROLLBACK`) is taken out of the pool and closed.

use std::fmt;

use ::deadpool_postgres::{Object, Pool, Transaction};
use ::tokio_postgres::Client;

use super::{Hold, PostgresTransaction};
use crate::error::BoxError;
use crate::transaction::{AsyncBegin, TransactionStatus};

/// Marks the sources of deadpool-postgres.
#[derive(Debug)]
pub enum DeadpoolPostgres {}

impl AsyncBegin<DeadpoolPostgres> for &Pool {
    type Transaction = PostgresTransaction<Owned>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        AsyncBegin::acquire(self.get().await?).await
    }
}

impl AsyncBegin<DeadpoolPostgres> for Pool {
    type Transaction = PostgresTransaction<Owned>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        AsyncBegin::acquire(&self).await
    }
}

impl AsyncBegin<DeadpoolPostgres> for Object {
    type Transaction = PostgresTransaction<Owned>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(Owned(Some(self))))
    }
}

impl<'c> AsyncBegin<DeadpoolPostgres> for &'c mut Object {
    type Transaction = PostgresTransaction<&'c mut Object>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(self))
    }
}

impl<'c, 't> AsyncBegin<DeadpoolPostgres> for &'c mut Transaction<'t> {
    type Transaction = PostgresTransaction<&'c mut Transaction<'t>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(self))
    }
}

const DRIVER: &str = "deadpool-postgres";

/// A pooled connection that nobody else has.
pub struct Owned(
    /// `None` once it was taken out of its pool.
    Option<Object>,
);

impl fmt::Debug for Owned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Owned")
    }
}

const TAKEN: &str = "nothing is asked of a connection that was closed";

impl Hold for Owned {
    type Handle<'h> = &'h mut Object;

    const DRIVER: &'static str = DRIVER;
    const STATUS: TransactionStatus = TransactionStatus::Untracked;
    const OWNS: bool = true;

    fn lend(&mut self) -> &mut Object {
        match &mut self.0 {
            Some(object) => object,
            None => unreachable!("{TAKEN}"),
        }
    }

    fn client(&self) -> &Client {
        match &self.0 {
            Some(object) => object,
            None => unreachable!("{TAKEN}"),
        }
    }

    fn close(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

impl<'c> Hold for &'c mut Object {
    type Handle<'h>
        = &'h mut Object
    where
        'c: 'h;

    const DRIVER: &'static str = DRIVER;
    const STATUS: TransactionStatus = TransactionStatus::Untracked;

    fn lend(&mut self) -> &mut Object {
        self
    }

    fn client(&self) -> &Client {
        self
    }
}

impl<'c, 't> Hold for &'c mut Transaction<'t> {
    type Handle<'h>
        = &'h mut Transaction<'t>
    where
        'c: 'h;

    const DRIVER: &'static str = DRIVER;
    const STATUS: TransactionStatus = TransactionStatus::Open;

    fn lend(&mut self) -> &mut Transaction<'t> {
        self
    }

    fn client(&self) -> &Client {
        ::tokio_postgres::Transaction::client(self)
    }
}
