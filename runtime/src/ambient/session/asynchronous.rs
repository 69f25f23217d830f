//! The steps of a block whose source is a handle: each is that of its pool's own transaction, once nobody else has it.

use super::{Ambient, Level};
use crate::ambient::pool::Pool;
use crate::ambient::steps::Doing;
use crate::error::BoxError;
use crate::options::Options;
use crate::settings::Settings;
use crate::transaction::{
    Abandoned, AsyncTransaction, CommitError, Keeper, RollbackError, Savepoint,
};

impl<P: Pool> Ambient<P> {
    /// Has the pool's transaction abandon what there is of it.
    fn give_up(&mut self, abandon: impl FnOnce(&mut P::Transaction)) {
        if self.held.is_none() {
            self.held = match self.level {
                _ if self.is_outermost() => self.slot.take_now(None),
                Level::Open(place) => self.slot.take_now(Some(place)),
                _ => None,
            };
        }
        if let Some(transaction) = &mut self.held {
            let mut transaction = Doing::<P>::new(transaction, self.steps.as_mut());
            abandon(&mut transaction);
            self.has_undone = transaction.has_undone();
        }
    }
}

impl<P: Pool> AsyncTransaction for Ambient<P> {
    async fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        self.transaction().await?.begin(options).await?;
        self.level = Level::Begun;
        Ok(())
    }

    async fn begin_with(
        &mut self,
        options: &Options,
        settings: &mut Settings,
    ) -> Result<(), BoxError> {
        let mut transaction = self.transaction().await?;
        transaction.begin_with(options, settings).await?;
        drop(transaction);
        self.level = Level::Begun;
        Ok(())
    }

    async fn put_back(&mut self, settings: &mut Settings) {
        if let Ok(mut transaction) = self.transaction().await {
            transaction.put_back(settings).await;
        }
    }

    async fn set_in_test(&mut self, settings: &Settings) -> Result<(), BoxError> {
        self.transaction().await?.set_in_test(settings).await
    }

    async fn unset_in_test(&mut self, settings: &Settings) {
        if let Ok(mut transaction) = self.transaction().await {
            transaction.unset_in_test(settings).await;
        }
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        self.keeping().await?.commit().await
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        self.undoing().await?.rollback().await
    }

    async fn commit_with(&mut self, settings: &mut Settings) -> Result<(), CommitError> {
        self.keeping().await?.commit_with(settings).await
    }

    async fn rollback_with(&mut self, settings: &mut Settings) -> Result<(), RollbackError> {
        self.undoing().await?.rollback_with(settings).await
    }

    async fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        self.transaction().await?.savepoint(savepoint).await?;
        self.level = Level::Begun;
        Ok(())
    }

    async fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        self.keeping().await?.release(savepoint).await?;
        self.savepoint_ended();
        Ok(())
    }

    async fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        self.undoing().await?.rollback_to(savepoint).await?;
        self.savepoint_ended();
        Ok(())
    }

    async fn check(&mut self) -> Result<(), CommitError> {
        self.keeping().await?.check().await
    }

    fn abandon(&mut self, abandoned: Abandoned) {
        self.give_up(|transaction| transaction.abandon(abandoned));
    }

    fn abandon_with(&mut self, abandoned: Abandoned, settings: &mut Settings) {
        self.give_up(|transaction| transaction.abandon_with(abandoned, settings));
    }

    fn has_undone(&self) -> bool {
        self.has_undone
    }

    fn recovers(&self) -> bool {
        let held = self.held.as_ref();
        held.is_some_and(|transaction| transaction.recovers())
    }

    async fn recover(&mut self) -> bool {
        match &mut self.held {
            Some(transaction) => transaction.recover().await,
            None => false,
        }
    }

    fn keep<K: Keeper<Self>>(self, keeper: K) -> K::Kept {
        keeper.of_owned(self, |transaction| transaction)
    }
}
