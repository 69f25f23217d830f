//! The steps of an async driver.

use super::keep::Keep;
use super::session::Configured;
use super::{has_ended, is_over};
use crate::error::BoxError;
use crate::options::Options;
use crate::settings::Settings;
use crate::transaction::{
    Abandoned, AsyncTransaction, CommitError, Keeper, RollbackError, Savepoint,
};

/// Commits, and then puts back.
pub(crate) async fn commit<T: AsyncTransaction + ?Sized>(
    transaction: &mut T,
    settings: &mut Settings,
) -> Result<(), CommitError> {
    let committed = transaction.commit().await;
    if has_ended(&committed) {
        put_back(transaction, settings).await;
    }
    committed
}

/// Rolls back, and then puts back.
pub(crate) async fn roll_back<T: AsyncTransaction + ?Sized>(
    transaction: &mut T,
    settings: &mut Settings,
) -> Result<(), RollbackError> {
    let rolled_back = transaction.rollback().await;
    if is_over(&rolled_back) {
        put_back(transaction, settings).await;
    }
    rolled_back
}

async fn put_back<T: AsyncTransaction + ?Sized>(transaction: &mut T, settings: &mut Settings) {
    if !settings.changed().is_empty() {
        transaction.put_back(settings).await;
    }
}

impl<T: AsyncTransaction> AsyncTransaction for Configured<T> {
    async fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        let begun = self
            .transaction
            .begin_with(options, &mut self.settings)
            .await;
        if begun.is_err() {
            put_back(&mut self.transaction, &mut self.settings).await;
        }
        begun
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        self.transaction.commit_with(&mut self.settings).await
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        self.transaction.rollback_with(&mut self.settings).await
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
        self.transaction.abandon_with(abandoned, &mut self.settings);
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
            put_back(&mut self.transaction, &mut self.settings).await;
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
