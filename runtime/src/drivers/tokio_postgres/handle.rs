//! Handles of pools of deadpool-postgres.

use std::time::Duration;

use ::deadpool_postgres::{Object, Pool};

use super::deadpool::{Pooled, address};
use super::hold::Hold as _;
use super::transaction::{PostgresTransaction, TokioPostgres};
use crate::ambient;
use crate::drivers::postgres_steps::Steps;
use crate::error::BoxError;
use crate::transaction::AsyncBegin;

impl ambient::Pool for Pool {
    type Transaction = PostgresTransaction<Pooled>;

    type Database = TokioPostgres;

    type Steps = Steps;

    fn steps(_: &Self::Transaction) -> Steps {
        Steps::default()
    }

    fn swap(transaction: &mut Self::Transaction, steps: &mut Steps) {
        std::mem::swap(&mut transaction.steps, steps);
    }

    fn address(&self) -> Option<usize> {
        Some(address(self))
    }

    fn patience(&self) -> Duration {
        self.timeouts().wait.unwrap_or(ambient::PATIENCE)
    }

    async fn acquire(&self) -> Result<Self::Transaction, BoxError> {
        AsyncBegin::acquire_session(self).await
    }
}

impl ambient::Leasable for Pool {
    type Connection = Object;

    fn connection(transaction: &Self::Transaction) -> &Object {
        transaction.holder.object()
    }

    fn connection_mut(transaction: &mut Self::Transaction) -> &mut Object {
        transaction.holder.lend()
    }
}
