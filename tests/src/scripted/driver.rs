//! What makes a [`Database`] a driver of `commit_on_success`. Nothing here is private to the toolkit.

use std::sync::Arc;

use commit_on_success::{
    Abandoned, AsyncBegin, AsyncTransaction, Begin, BoxError, CommitError, ConnectionId, Options,
    RollbackError, Savepoint, Session, Transaction, TransactionStatus,
};

use super::{Database, Scripted, Step, pause};

/// The connection to a [`Database`].
#[derive(Debug)]
pub struct Connection(Database);

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

/// A pool of one connection.
#[derive(Debug)]
pub struct Pool(Database);

impl Pool {
    pub(super) fn of(database: &Database) -> Self {
        Self(database.clone())
    }
}

/// The connection of a [`Pool`], while somebody has it.
#[derive(Debug)]
pub struct Lease(Connection);

impl Lease {
    fn of(pool: &Pool) -> Result<Self, BoxError> {
        let mut state = pool.0.state();
        if state.leased {
            return Err("the pool is empty".into());
        }
        state.leased = true;
        state.discarded = false;
        Ok(Self(pool.0.connection()))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut state = self.0.0.state();
        state.leased = false;
        let line = match (state.discarded, state.levels.is_empty()) {
            (true, _) => "close",
            (false, true) => "return",
            (false, false) => "return open",
        };
        state.log.push(line.to_owned());
        if state.discarded {
            state.levels.clear();
        }
    }
}

/// A way to hold the connection.
pub trait Hold: Send {
    /// Whether dropping it gives the connection back.
    const OWNS: bool;

    /// The connection.
    fn connection(&self) -> &Connection;

    /// The connection.
    fn connection_mut(&mut self) -> &mut Connection;
}

impl Hold for &mut Connection {
    const OWNS: bool = false;

    fn connection(&self) -> &Connection {
        self
    }

    fn connection_mut(&mut self) -> &mut Connection {
        self
    }
}

impl Hold for Lease {
    const OWNS: bool = true;

    fn connection(&self) -> &Connection {
        &self.0
    }

    fn connection_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

/// A transaction on the scripted connection.
#[derive(Debug)]
pub struct Work<H>(H);

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
        if self.database().state().levels.is_empty() {
            TransactionStatus::Idle
        } else {
            TransactionStatus::Open
        }
    }

    fn owns_connection(&self) -> bool {
        H::OWNS
    }
}

/// Marks the sources of the scripted driver.
#[derive(Debug)]
pub enum Script {}

impl<'c> Begin<Script> for &'c mut Connection {
    type Transaction = Work<&'c mut Connection>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        self.0.perform(Step::Acquire, "")?;
        Ok(Work(self))
    }
}

impl<'c> AsyncBegin<Script> for &'c mut Connection {
    type Transaction = Work<&'c mut Connection>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        self.0.perform_later(Step::Acquire, "").await?;
        Ok(Work(self))
    }
}

impl Begin<Script> for &Pool {
    type Transaction = Work<Lease>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        self.0.perform(Step::Acquire, "")?;
        Ok(Work(Lease::of(self)?))
    }
}

impl AsyncBegin<Script> for &Pool {
    type Transaction = Work<Lease>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        self.0.perform_later(Step::Acquire, "").await?;
        Ok(Work(Lease::of(self)?))
    }
}

impl<H: Hold> Transaction for Work<H> {
    fn begin(&mut self, _options: &Options) -> Result<(), BoxError> {
        Ok(self.database().perform(Step::Begin, "")?)
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
        match abandoned {
            Abandoned::Interrupted => database.discard(),
            Abandoned::Nested => database.note("abandon nested"),
            _ => {
                // The rollback that a driver queues is sent before anything else.
                let _ = database.perform(Step::Abandon, "open");
                database.state().levels.clear();
            }
        }
    }
}
