//! The steps of a nested block.

use std::num::NonZeroU32;

use ::diesel::connection::InstrumentationEvent;
use ::diesel::result::{Error as DieselError, QueryResult};

use super::{Database, Executor, Managed, Steps, answers, depth, managed, sqlite};
use crate::drivers::dialect::undo;
use crate::error::BoxError;
use crate::transaction::{CommitError, RollbackError, Savepoint};

/// The transaction around a block whose savepoint is not to be found.
enum Enclosing {
    /// The transaction has ended.
    Ended,
    /// The server has lost its client, and rolled the transaction back.
    Disconnected,
    Unknown,
}

fn disconnected(error: &DieselError) -> Enclosing {
    if answers::is_disconnected(error) {
        Enclosing::Disconnected
    } else {
        Enclosing::Unknown
    }
}

impl Steps {
    pub(in crate::drivers) async fn savepoint(
        &mut self,
        executor: &mut impl Executor,
        savepoint: &Savepoint,
    ) -> Result<(), BoxError> {
        let Some(depth) = executor.status().transaction_depth()? else {
            return Err(DieselError::NotInTransaction.into());
        };
        let level = depth.saturating_add(1);
        self.in_doubt = true;
        self.savepoint = Some(*savepoint);
        let created = self.send_savepoint(executor, savepoint, level).await;
        self.in_doubt = false;
        if let Err(error) = created {
            self.savepoint = None;
            return Err(error.into());
        }
        self.level = Some(level);
        self.stay(executor);
        Ok(())
    }

    async fn send_savepoint(
        &self,
        executor: &mut impl Executor,
        savepoint: &Savepoint,
        level: NonZeroU32,
    ) -> QueryResult<()> {
        if self.database == Database::Other {
            return executor.manage(Managed::Begin).await;
        }
        // Outside of a transaction, a savepoint of SQLite begins one.
        if self.database == Database::Sqlite && sqlite::has_ended(executor).await {
            depth::set(executor.status(), None);
            return Err(DieselError::NotInTransaction);
        }
        executor.tell(InstrumentationEvent::begin_transaction(level));
        executor.send(&savepoint.create()).await
    }

    pub(in crate::drivers) async fn release(
        &mut self,
        executor: &mut impl Executor,
        savepoint: &Savepoint,
    ) -> Result<(), CommitError> {
        let depth = self.check_level(executor)?;
        self.in_doubt = true;
        self.savepoint = None;
        let released = if self.database == Database::Other {
            managed::commit(executor).await
        } else {
            executor.tell(InstrumentationEvent::commit_transaction(depth));
            self.send_release(executor, savepoint).await
        };
        match &released {
            Err(CommitError::Refused(_) | CommitError::Aborted) => self.stay(executor),
            Err(CommitError::Ended) => self.leave_ended(executor),
            _ => self.leave(executor, self.around()),
        }
        released
    }

    async fn send_release(
        &self,
        executor: &mut impl Executor,
        savepoint: &Savepoint,
    ) -> Result<(), CommitError> {
        let Err(error) = executor.send(&savepoint.release()).await else {
            return Ok(());
        };
        if executor.send(&savepoint.rollback_to()).await.is_ok() {
            // The savepoint was there. PostgreSQL refuses to release it only after a statement has failed.
            return Err(match self.database {
                Database::PostgreSql => CommitError::Aborted,
                _ => CommitError::Refused(error.into()),
            });
        }
        Err(match self.without_savepoint(executor).await {
            Enclosing::Ended => CommitError::Ended,
            Enclosing::Disconnected => CommitError::RolledBack(error.into()),
            Enclosing::Unknown => CommitError::Refused(error.into()),
        })
    }

    pub(in crate::drivers) async fn rollback_to(
        &mut self,
        executor: &mut impl Executor,
        savepoint: &Savepoint,
    ) -> Result<(), RollbackError> {
        let depth = self.depth_to_undo(executor).await?;
        self.in_doubt = true;
        self.savepoint = None;
        if self.database == Database::Other {
            return self.roll_back_to_managed(executor).await;
        }
        executor.tell(InstrumentationEvent::rollback_transaction(depth));
        let sql = undo(*savepoint);
        let Err(error) = executor.send(&sql).await else {
            // A block that was abandoned earlier is no longer counted.
            let around = self.level.map_or(Some(depth), |_| self.around());
            self.leave(executor, around);
            return Ok(());
        };
        Err(match self.without_savepoint(executor).await {
            Enclosing::Ended => {
                self.leave_ended(executor);
                RollbackError::Ended
            }
            Enclosing::Disconnected => RollbackError::Disconnected(error.into()),
            Enclosing::Unknown => RollbackError::Failed(error.into()),
        })
    }

    async fn roll_back_to_managed(
        &mut self,
        executor: &mut impl Executor,
    ) -> Result<(), RollbackError> {
        executor
            .manage(Managed::RollBack)
            .await
            .map_err(|error| RollbackError::Failed(error.into()))?;
        self.in_doubt = false;
        Ok(())
    }

    /// Why the server says that a savepoint is not there.
    async fn without_savepoint(&self, executor: &mut impl Executor) -> Enclosing {
        match self.database {
            // PostgreSQL does not answer in a transaction that has failed, and MySQL has no other reason, as long
            // as it answers.
            Database::PostgreSql | Database::MySql => match executor.send(answers::PING).await {
                Ok(()) => Enclosing::Ended,
                Err(error) if self.database == Database::PostgreSql => disconnected(&error),
                Err(_) => Enclosing::Unknown,
            },
            Database::Sqlite if sqlite::has_ended(executor).await => Enclosing::Ended,
            Database::Sqlite | Database::Other => Enclosing::Unknown,
        }
    }

    fn leave_ended(&mut self, executor: &mut impl Executor) {
        let depth = match self.database {
            // Another one may have been begun since, which the outermost block has to end.
            Database::MySql => self.around(),
            _ => None,
        };
        self.leave(executor, depth);
    }

    /// The savepoint that the block can be undone to, while its body runs.
    #[cfg(feature = "diesel-async")]
    pub(in crate::drivers) fn savepoint_of_body(&self) -> Option<Savepoint> {
        self.savepoint
    }

    /// The block is given up, and no longer counted. Whether it is `undone` is asked for afterwards.
    #[cfg(feature = "diesel-async")]
    pub(in crate::drivers) fn assume_rolled_back_to(
        &mut self,
        executor: &mut impl Executor,
        undone: bool,
    ) {
        let around = self.around();
        if around.is_some() && matches!(executor.status().transaction_depth(), Ok(Some(_))) {
            self.leave(executor, around);
        }
        self.has_undone = undone;
    }

    #[cfg(feature = "diesel-async")]
    pub(in crate::drivers) fn has_undone(&self) -> bool {
        self.has_undone
    }
}
