//! The adapter that makes a [`Database`] a driver of `commit_on_success`. Nothing here is private to the toolkit.

use std::sync::Arc;

use commit_on_success::{
    Abandoned, AsyncTransaction, BoxError, CommitError, ConnectionId, Keeper, Options,
    RollbackError, Savepoint, Session, Settings, Transaction, TransactionStatus,
};

use super::pool::Hold;
use super::{Answer, Database, Scripted, Step, pause};

/// The connection to a [`Database`].
#[derive(Debug)]
pub struct Connection(pub(super) Database);

impl Connection {
    pub(super) fn to(database: &Database) -> Self {
        Self(database.clone())
    }

    /// Writes a row.
    ///
    /// # Errors
    ///
    /// When the script says so.
    pub fn insert(&mut self, row: i64) -> Result<(), Scripted> {
        self.0.perform(Step::Insert, &row.to_string())?;
        self.0.state().insert(row);
        Ok(())
    }

    /// Writes a row.
    ///
    /// # Errors
    ///
    /// When the script says so.
    pub async fn insert_later(&mut self, row: i64) -> Result<(), Scripted> {
        let pauses = self.0.state().pauses;
        pause(pauses).await;
        let inserted = self.insert(row);
        pause(pauses).await;
        inserted
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.0
    }
}

/// A transaction on the scripted connection.
#[derive(Debug)]
pub struct Work<H>(pub(super) H);

impl<H: Hold> Work<H> {
    fn database(&self) -> &Database {
        &self.0.connection().0
    }
}

impl<H: Hold> Session for Work<H> {
    type Handle<'t>
        = &'t mut Connection
    where
        H: 't;

    fn handle(&mut self) -> &mut Connection {
        self.0.connection_mut()
    }

    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::new(Arc::as_ptr(&self.database().0).addr())
    }

    fn status(&mut self) -> TransactionStatus {
        if self.database().is_open() {
            TransactionStatus::Open
        } else {
            TransactionStatus::Idle
        }
    }

    fn owns_connection(&self) -> bool {
        H::OWNS
    }

    fn is_exclusive(&self) -> bool {
        H::IS_EXCLUSIVE
    }

    fn levels(&mut self) -> Option<u32> {
        u32::try_from(self.database().state().depth()).ok()
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        let answer = Scripted::answer_in(error);
        matches!(answer, Some(Answer::Conflict | Answer::Deadlock))
    }

    fn was_rolled_back_by(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        Scripted::answer_in(error) == Some(Answer::Deadlock)
    }
}

impl<H: Hold> Transaction for Work<H> {
    fn begin(&mut self, _options: &Options) -> Result<(), BoxError> {
        Ok(self.database().perform(Step::Begin, "")?)
    }

    fn begin_with(&mut self, options: &Options, settings: &mut Settings) -> Result<(), BoxError> {
        self.database().change(settings);
        Transaction::begin(self, options)
    }

    fn put_back(&mut self, settings: &mut Settings) {
        self.database().put_back(settings, "put back");
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        let ended = self.database().perform(Step::Commit, "");
        ended.map_err(Scripted::of_commit)
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        let ended = self.database().perform(Step::Rollback, "");
        ended.map_err(Scripted::of_rollback)
    }

    fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        Ok(self
            .database()
            .perform(Step::Savepoint, &savepoint.name())?)
    }

    fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        let ended = self.database().perform(Step::Release, &savepoint.name());
        ended.map_err(Scripted::of_commit)
    }

    fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        let ended = self.database().perform(Step::RollbackTo, &savepoint.name());
        ended.map_err(Scripted::of_rollback)
    }

    fn check(&mut self) -> Result<(), CommitError> {
        let checked = self.database().perform(Step::Check, "");
        checked.map_err(Scripted::of_commit)
    }

    fn discard(&mut self) {
        self.database().discard();
    }
}

impl<H: Hold> AsyncTransaction for Work<H> {
    async fn begin(&mut self, _options: &Options) -> Result<(), BoxError> {
        Ok(self.database().perform_later(Step::Begin, "").await?)
    }

    async fn begin_with(
        &mut self,
        options: &Options,
        settings: &mut Settings,
    ) -> Result<(), BoxError> {
        self.database().change(settings);
        AsyncTransaction::begin(self, options).await
    }

    async fn put_back(&mut self, settings: &mut Settings) {
        pause(1).await;
        self.database().put_back(settings, "put back");
    }

    fn put_back_unheard(&mut self, settings: &mut Settings) {
        self.database().put_back(settings, "queue");
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        let ended = self.database().perform_later(Step::Commit, "").await;
        ended.map_err(Scripted::of_commit)
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        let ended = self.database().perform_later(Step::Rollback, "").await;
        ended.map_err(Scripted::of_rollback)
    }

    async fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        let name = savepoint.name();
        Ok(self
            .database()
            .perform_later(Step::Savepoint, &name)
            .await?)
    }

    async fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        let name = savepoint.name();
        let ended = self.database().perform_later(Step::Release, &name).await;
        ended.map_err(Scripted::of_commit)
    }

    async fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        let name = savepoint.name();
        let ended = self.database().perform_later(Step::RollbackTo, &name).await;
        ended.map_err(Scripted::of_rollback)
    }

    async fn check(&mut self) -> Result<(), CommitError> {
        let checked = self.database().perform_later(Step::Check, "").await;
        checked.map_err(Scripted::of_commit)
    }

    fn abandon(&mut self, abandoned: Abandoned) {
        let database = self.database();
        database.state().has_undone = false;
        match abandoned {
            Abandoned::Interrupted => database.discard(),
            Abandoned::Nested => {
                database.note("abandon nested");
                let mut state = database.state();
                if state.undoes_nested {
                    state.undo_innermost();
                    state.has_undone = true;
                }
            }
            _ => {
                // The rollback that a driver queues is sent before anything else.
                let _ = database.perform(Step::Abandon, "open");
                database.state().clear();
            }
        }
    }

    fn has_undone(&self) -> bool {
        self.database().state().has_undone
    }

    fn recovers(&self) -> bool {
        true
    }

    async fn recover(&mut self) -> bool {
        let rolled_back = self.database().perform_later(Step::Recover, "").await;
        rolled_back.is_ok()
    }

    fn keep<K: Keeper<Self>>(self, keeper: K) -> K::Kept {
        H::keep(self, keeper)
    }
}
