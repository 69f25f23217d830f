//! The steps of an async driver.

use super::keep::Keep;
use super::session::Configured;
use super::{has_ended, is_over};
use crate::error::BoxError;
use crate::options::Options;
use crate::transaction::{
    Abandoned, AsyncTransaction, CommitError, Keeper, RollbackError, Savepoint,
};

impl<T: AsyncTransaction> Configured<T> {
    async fn put_back_async(&mut self) {
        if !self.settings.changed().is_empty() {
            AsyncTransaction::put_back(&mut self.transaction, &mut self.settings).await;
        }
    }
}

impl<T: AsyncTransaction> AsyncTransaction for Configured<T> {
    async fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        let begun = self
            .transaction
            .begin_with(options, &mut self.settings)
            .await;
        if begun.is_err() {
            self.put_back_async().await;
        }
        begun
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        let committed = self.transaction.commit().await;
        if has_ended(&committed) {
            self.put_back_async().await;
        }
        committed
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        let rolled_back = self.transaction.rollback().await;
        if is_over(&rolled_back) {
            self.put_back_async().await;
        }
        rolled_back
    }

    /// Only a block in a test has one: any other that is nested is refused.
    async fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        self.transaction.savepoint(savepoint).await?;
        self.transaction.set_in_test(&self.settings).await
    }

    async fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        self.transaction.unset_in_test(&self.settings).await;
        self.transaction.release(savepoint).await
    }

    async fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        self.transaction.rollback_to(savepoint).await
    }

    async fn check(&mut self) -> Result<(), CommitError> {
        self.transaction.check().await
    }

    fn abandon(&mut self, abandoned: Abandoned) {
        self.transaction.abandon(abandoned);
        if !self.settings.changed().is_empty() {
            self.transaction.put_back_unheard(&mut self.settings);
        }
    }

    fn has_undone(&self) -> bool {
        self.transaction.has_undone()
    }

    fn recovers(&self) -> bool {
        self.transaction.recovers()
    }

    async fn recover(&mut self) -> bool {
        let recovered = self.transaction.recover().await;
        if recovered {
            self.put_back_async().await;
        }
        recovered
    }

    fn keep<K: Keeper<Self>>(self, keeper: K) -> K::Kept {
        let Self {
            transaction,
            settings,
        } = self;
        transaction.keep(Keep { keeper, settings })
    }
}
