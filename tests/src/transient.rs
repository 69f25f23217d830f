//! The scripted driver as one that takes each of its scripted errors for a conflict with others.

use commit_on_success::{
    Abandoned, AsyncBegin, AsyncTransaction, Begin, BoxError, CommitError, ConnectionId, Options,
    RollbackError, Savepoint, Session, Transaction, TransactionStatus,
};

use crate::scripted::{Connection, Scripted, Work};

/// Marks this source.
#[derive(Debug)]
pub enum Transient {}

/// A connection to a database with many users.
#[derive(Debug)]
pub struct Contended<'c>(pub &'c mut Connection);

/// A transaction on it.
#[derive(Debug)]
pub struct ContendedWork<'c>(Work<&'c mut Connection>);

impl<'c> Begin<Transient> for Contended<'c> {
    type Transaction = ContendedWork<'c>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Begin::acquire_session(self.0).map(ContendedWork)
    }
}

impl<'c> AsyncBegin<Transient> for Contended<'c> {
    type Transaction = ContendedWork<'c>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        AsyncBegin::acquire_session(self.0).await.map(ContendedWork)
    }
}

impl Session for ContendedWork<'_> {
    type Handle<'t>
        = &'t mut Connection
    where
        Self: 't;

    fn handle(&mut self) -> &mut Connection {
        self.0.handle()
    }

    fn connection_id(&mut self) -> ConnectionId {
        self.0.connection_id()
    }

    fn status(&mut self) -> TransactionStatus {
        self.0.status()
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        std::iter::successors(Some(error), |error| error.source())
            .any(<dyn std::error::Error>::is::<Scripted>)
    }
}

impl Transaction for ContendedWork<'_> {
    fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        Transaction::begin(&mut self.0, options)
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        Transaction::commit(&mut self.0)
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        Transaction::rollback(&mut self.0)
    }

    fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        Transaction::savepoint(&mut self.0, savepoint)
    }

    fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        Transaction::release(&mut self.0, savepoint)
    }

    fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        Transaction::rollback_to(&mut self.0, savepoint)
    }

    fn discard(&mut self) {
        self.0.discard();
    }
}

impl AsyncTransaction for ContendedWork<'_> {
    async fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        AsyncTransaction::begin(&mut self.0, options).await
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        AsyncTransaction::commit(&mut self.0).await
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        AsyncTransaction::rollback(&mut self.0).await
    }

    async fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        AsyncTransaction::savepoint(&mut self.0, savepoint).await
    }

    async fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        AsyncTransaction::release(&mut self.0, savepoint).await
    }

    async fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        AsyncTransaction::rollback_to(&mut self.0, savepoint).await
    }

    fn abandon(&mut self, abandoned: Abandoned) {
        self.0.abandon(abandoned);
    }
}
