//! Handles of one connection that is behind a lock, instead of a pool.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ::tokio_postgres::Client;
use futures_timer::Delay;
use futures_util::future::{Either, select};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::hold::{Guarded, Hold as _};
use super::transaction::{PostgresTransaction, TokioPostgres};
use crate::ambient;
use crate::drivers::postgres_steps::Steps;
use crate::error::BoxError;
use crate::transaction::{AsyncBegin, Owned};

impl ambient::Pool for Arc<Mutex<Client>> {
    type Transaction = PostgresTransaction<Guarded<OwnedMutexGuard<Client>>>;

    type Database = TokioPostgres;

    type Steps = Steps;

    fn steps(_: &Self::Transaction) -> Steps {
        Steps::default()
    }

    fn swap(transaction: &mut Self::Transaction, steps: &mut Steps) {
        std::mem::swap(&mut transaction.steps, steps);
    }

    fn address(&self) -> Option<usize> {
        Some(Self::as_ptr(self).addr())
    }

    fn patience(&self) -> Duration {
        ambient::PATIENCE
    }

    /// Waits no longer than for a pool: whoever has the lock may be waiting for the one who wants it.
    async fn acquire(&self) -> Result<Self::Transaction, BoxError> {
        let lock = pin!(Self::clone(self).lock_owned());
        match select(lock, Delay::new(self.patience())).await {
            Either::Left((guard, _)) => AsyncBegin::acquire_session(Owned(guard)).await,
            Either::Right(_) => Err(Locked.into()),
        }
    }
}

impl ambient::Leasable for Arc<Mutex<Client>> {
    type Connection = Client;

    fn connection(transaction: &Self::Transaction) -> &Client {
        transaction.holder.client()
    }

    fn connection_mut(transaction: &mut Self::Transaction) -> &mut Client {
        transaction.holder.lend()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("somebody else has the connection's lock, and does not give it back")]
struct Locked;
