//! The steps of an outermost block.

use std::num::NonZeroU32;

use ::diesel::connection::InstrumentationEvent;
use ::diesel::result::{Error as DieselError, QueryResult};

use super::{Database, Line, Managed, Steps, Tenure, managed, mysql, postgresql, sqlite};
use crate::error::BoxError;
use crate::options::Options;
use crate::transaction::{CommitError, RollbackError};

const FIRST: NonZeroU32 = NonZeroU32::MIN;

impl Steps {
    pub(in crate::drivers) async fn begin(
        &mut self,
        line: &mut impl Line,
        options: &Options,
        tenure: Tenure,
    ) -> Result<(), BoxError> {
        let sql = self.database.begin(options)?;
        if line.status().transaction_depth()?.is_some() {
            return Err(DieselError::AlreadyInTransaction.into());
        }
        self.in_doubt = true;
        if let Some(sql) = sql {
            line.tell(InstrumentationEvent::begin_transaction(FIRST));
            self.send_begin(line, &sql, tenure).await?;
        } else {
            let begun = line.manage(Managed::Begin).await;
            self.in_doubt = false;
            begun?;
        }
        self.level = Some(FIRST);
        self.stay(line);
        Ok(())
    }

    /// diesel knows nothing of what the last user of a pooled connection has begun in plain SQL and left
    /// open.
    async fn send_begin(
        &mut self,
        line: &mut impl Line,
        sql: &str,
        tenure: Tenure,
    ) -> QueryResult<()> {
        let begun = match self.database {
            Database::Sqlite => sqlite::begin(line, sql).await,
            _ => line.send(sql).await,
        };
        let Err(error) = begun else {
            return Ok(());
        };
        let mut again = Err(error);
        let mut known = true;
        if tenure == Tenure::Owned {
            if line.send("ROLLBACK").await.is_ok() {
                again = line.send(sql).await;
            } else {
                // SQLite says so where there is nothing to roll back.
                known = self.database == Database::Sqlite;
            }
        }
        self.in_doubt = !known;
        again
    }

    pub(in crate::drivers) async fn commit(
        &mut self,
        line: &mut impl Line,
    ) -> Result<(), CommitError> {
        let depth = self.check_level(line)?;
        self.in_doubt = true;
        if self.database != Database::Other {
            line.tell(InstrumentationEvent::commit_transaction(depth));
        }
        let committed = match self.database {
            Database::PostgreSql => postgresql::commit(line).await,
            Database::MySql => mysql::commit(line, self.interrupted).await,
            Database::Sqlite => sqlite::commit(line).await,
            Database::Other => managed::commit(line).await,
        };
        match &committed {
            Ok(()) | Err(CommitError::Ended | CommitError::RolledBack(_)) => self.leave(line, None),
            Err(CommitError::Refused(_) | CommitError::Aborted) => self.stay(line),
            Err(CommitError::Unknown(_)) => {}
        }
        committed
    }

    pub(in crate::drivers) async fn rollback(
        &mut self,
        line: &mut impl Line,
    ) -> Result<(), RollbackError> {
        let depth = self.depth_to_undo(line).await?;
        self.in_doubt = true;
        if self.database != Database::Other {
            line.tell(InstrumentationEvent::rollback_transaction(depth));
        }
        let rolled_back = match self.database {
            Database::PostgreSql => postgresql::rollback(line).await,
            Database::MySql => mysql::rollback(line, self.interrupted).await,
            Database::Sqlite => sqlite::rollback(line).await,
            Database::Other => managed::rollback(line, depth).await,
        };
        if !matches!(rolled_back, Err(RollbackError::Failed(_))) {
            self.leave(line, None);
        }
        rolled_back
    }

    /// The transaction is given up, and sure to be rolled back before anything else is done on the
    /// connection.
    #[cfg(feature = "diesel-async")]
    pub(in crate::drivers) fn give_up(&mut self, line: &mut impl Line) {
        self.leave(line, None);
    }
}
