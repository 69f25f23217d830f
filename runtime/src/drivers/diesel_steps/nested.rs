//! The steps of a nested block.

use std::num::NonZeroU32;

use ::diesel::connection::InstrumentationEvent;
use ::diesel::result::{Error as DieselError, QueryResult};

use super::{Database, Line, Managed, Steps, answers, depth, managed, sqlite};
use crate::error::BoxError;
use crate::transaction::{CommitError, RollbackError, Savepoint};

impl Steps {
    pub(in crate::drivers) async fn savepoint(
        &mut self,
        line: &mut impl Line,
        savepoint: &Savepoint,
    ) -> Result<(), BoxError> {
        let Some(depth) = line.status().transaction_depth()? else {
            return Err(DieselError::NotInTransaction.into());
        };
        let level = depth.saturating_add(1);
        self.in_doubt = true;
        self.savepoint = Some(*savepoint);
        let created = self.send_savepoint(line, savepoint, level).await;
        self.in_doubt = false;
        if let Err(error) = created {
            self.savepoint = None;
            return Err(error.into());
        }
        self.level = Some(level);
        self.stay(line);
        Ok(())
    }

    async fn send_savepoint(
        &self,
        line: &mut impl Line,
        savepoint: &Savepoint,
        level: NonZeroU32,
    ) -> QueryResult<()> {
        if self.database == Database::Other {
            return line.manage(Managed::Begin).await;
        }
        // Outside of a transaction, a savepoint of SQLite begins one.
        if self.database == Database::Sqlite && sqlite::has_ended(line).await {
            depth::set(line.status(), None);
            return Err(DieselError::NotInTransaction);
        }
        line.tell(InstrumentationEvent::begin_transaction(level));
        line.send(&savepoint.create()).await
    }

    pub(in crate::drivers) async fn release(
        &mut self,
        line: &mut impl Line,
        savepoint: &Savepoint,
    ) -> Result<(), CommitError> {
        let depth = self.check_level(line)?;
        self.in_doubt = true;
        self.savepoint = None;
        let released = if self.database == Database::Other {
            managed::commit(line).await
        } else {
            line.tell(InstrumentationEvent::commit_transaction(depth));
            self.send_release(line, savepoint).await
        };
        match &released {
            Err(CommitError::Refused(_) | CommitError::Aborted) => self.stay(line),
            Err(CommitError::Ended) => self.leave_ended(line),
            _ => self.leave(line, self.around()),
        }
        released
    }

    async fn send_release(
        &self,
        line: &mut impl Line,
        savepoint: &Savepoint,
    ) -> Result<(), CommitError> {
        let Err(error) = line.send(&savepoint.release()).await else {
            return Ok(());
        };
        if line.send(&savepoint.rollback_to()).await.is_ok() {
            // It was there. PostgreSQL refuses to release it only after a statement has failed.
            return Err(match self.database {
                Database::PostgreSql => CommitError::Aborted,
                _ => CommitError::Refused(error.into()),
            });
        }
        Err(if self.has_ended(line).await {
            CommitError::Ended
        } else {
            CommitError::Refused(error.into())
        })
    }

    pub(in crate::drivers) async fn rollback_to(
        &mut self,
        line: &mut impl Line,
        savepoint: &Savepoint,
    ) -> Result<(), RollbackError> {
        let depth = self.depth_to_undo(line).await?;
        self.in_doubt = true;
        self.savepoint = None;
        if self.database == Database::Other {
            return self.roll_back_to_managed(line).await;
        }
        line.tell(InstrumentationEvent::rollback_transaction(depth));
        let sql = format!("{}; {}", savepoint.rollback_to(), savepoint.release());
        let Err(error) = line.send(&sql).await else {
            // A block that was abandoned earlier is no longer counted.
            let around = self.level.map_or(Some(depth), |_| self.around());
            self.leave(line, around);
            return Ok(());
        };
        if self.has_ended(line).await {
            self.leave_ended(line);
            return Err(RollbackError::Ended);
        }
        Err(RollbackError::Failed(error.into()))
    }

    async fn roll_back_to_managed(&mut self, line: &mut impl Line) -> Result<(), RollbackError> {
        line.manage(Managed::RollBack)
            .await
            .map_err(|error| RollbackError::Failed(error.into()))?;
        self.in_doubt = false;
        Ok(())
    }

    /// Whether a savepoint is not there because the transaction is not.
    async fn has_ended(&self, line: &mut impl Line) -> bool {
        match self.database {
            // MySQL has no other reason, as long as it answers; PostgreSQL has, and does not answer
            // in a transaction that has failed.
            Database::MySql | Database::PostgreSql => line.send(answers::PING).await.is_ok(),
            Database::Sqlite => sqlite::has_ended(line).await,
            Database::Other => false,
        }
    }

    fn leave_ended(&mut self, line: &mut impl Line) {
        let depth = match self.database {
            // Another one may have been begun since, which the outermost block has to end.
            Database::MySql => self.around(),
            _ => None,
        };
        self.leave(line, depth);
    }

    /// What the block can be undone to, while its body runs.
    #[cfg(feature = "diesel-async")]
    pub(in crate::drivers) fn savepoint_of_body(&self) -> Option<Savepoint> {
        self.savepoint
    }

    /// The block is given up.
    #[cfg(feature = "diesel-async")]
    pub(in crate::drivers) fn give_up_nested(&mut self, line: &mut impl Line) {
        let around = self.around();
        if around.is_some() && matches!(line.status().transaction_depth(), Ok(Some(_))) {
            self.leave(line, around);
        }
    }
}
