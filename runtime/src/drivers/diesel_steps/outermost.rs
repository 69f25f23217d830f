//! The steps of an outermost block.

use std::borrow::Cow;
use std::num::NonZeroU32;

use ::diesel::connection::InstrumentationEvent;
use ::diesel::result::{Error as DieselError, QueryResult};

use super::{
    Database, Executor, Managed, Ownership, Steps, managed, mysql, postgresql, pragma, sqlite,
};
use crate::drivers::dialect::mysql::begin_anew;
use crate::drivers::dialect::postgresql::CLEAR;
use crate::drivers::dialect::postgresql_settings::{set_in_test, unset_in_test};
use crate::error::BoxError;
use crate::observer;
use crate::options::{Options, Unsupported};
use crate::settings::Settings;
use crate::transaction::{CommitError, RollbackError};

const FIRST: NonZeroU32 = NonZeroU32::MIN;

impl Steps {
    pub(in crate::drivers) async fn begin(
        &mut self,
        executor: &mut impl Executor,
        statements: impl FnOnce(Database) -> Result<Option<Cow<'static, str>>, Unsupported>,
        (ownership, driver): (Ownership, &'static str),
    ) -> Result<(), BoxError> {
        let sql = statements(self.database)?;
        if executor.status().transaction_depth()?.is_some() {
            return Err(DieselError::AlreadyInTransaction.into());
        }
        self.in_doubt = true;
        if let Some(sql) = sql {
            executor.tell(InstrumentationEvent::begin_transaction(FIRST));
            if ownership == Ownership::Borrowed {
                self.begin_on_borrowed(executor, &sql).await?;
            } else {
                self.begin_on_owned(executor, sql, driver).await?;
            }
        } else {
            let begun = executor.manage(Managed::Begin).await;
            self.in_doubt = false;
            begun?;
        }
        self.level = Some(FIRST);
        self.stay(executor);
        Ok(())
    }

    pub(in crate::drivers) async fn begin_with(
        &mut self,
        executor: &mut impl Executor,
        options: &Options,
        settings: &mut Settings,
        source: (Ownership, &'static str),
    ) -> Result<(), BoxError> {
        let statements = self.database.begin_with(options, settings)?;
        if executor.status().transaction_depth()?.is_none() && self.database == Database::Sqlite {
            self.in_doubt = true;
            let changed = pragma::change(executor, settings, source).await;
            self.in_doubt = false;
            changed?;
        }
        self.begin(executor, |_| Ok(Some(statements)), source).await
    }

    pub(in crate::drivers) async fn set_in_test(
        &self,
        executor: &mut impl Executor,
        settings: &Settings,
        driver: &'static str,
    ) -> Result<(), BoxError> {
        if self.database != Database::PostgreSql {
            return Err(Unsupported::new(driver, settings.option()).into());
        }
        Ok(executor.send(&set_in_test(settings)?).await?)
    }

    pub(in crate::drivers) async fn unset_in_test(
        executor: &mut impl Executor,
        settings: &Settings,
    ) {
        let _ = executor.send(&unset_in_test(settings)).await;
    }

    pub(in crate::drivers) async fn put_back(
        executor: &mut impl Executor,
        settings: &mut Settings,
    ) {
        pragma::put_back(executor, settings).await;
    }

    async fn send_begin(&self, executor: &mut impl Executor, sql: &str) -> QueryResult<()> {
        match self.database {
            Database::Sqlite => sqlite::begin(executor, sql).await,
            _ => executor.send(sql).await,
        }
    }

    /// A transaction that somebody has begun in plain SQL, behind diesel's back, is left to them.
    async fn begin_on_borrowed(
        &mut self,
        executor: &mut impl Executor,
        sql: &str,
    ) -> QueryResult<()> {
        let begun = self.send_begin(executor, sql).await;
        self.in_doubt = false;
        begun
    }

    /// A transaction that the last user of the connection has begun in plain SQL and left open is rolled back.
    async fn begin_on_owned(
        &mut self,
        executor: &mut impl Executor,
        sql: Cow<'static, str>,
        driver: &'static str,
    ) -> QueryResult<()> {
        let sql = match self.database {
            Database::MySql => begin_anew(&sql),
            _ => sql,
        };
        let Err(error) = self.send_begin(executor, &sql).await else {
            return Ok(());
        };
        if executor.send("ROLLBACK").await.is_err() {
            // SQLite says so where there is nothing to roll back.
            self.in_doubt = self.database != Database::Sqlite;
            return Err(error);
        }
        self.in_doubt = false;
        if self.database == Database::MySql {
            // The begin has failed for another reason, as whatever was open had been rolled back.
            return Err(error);
        }
        self.send_begin(executor, &sql).await?;
        observer::leftover_rolled_back(driver);
        Ok(())
    }

    pub(in crate::drivers) async fn commit(
        &mut self,
        executor: &mut impl Executor,
    ) -> Result<(), CommitError> {
        let checked = self.check_level(executor);
        if let Err(CommitError::Ended) = checked {
            self.end_replacement(executor).await;
        }
        let depth = checked?;
        self.in_doubt = true;
        if self.database != Database::Other {
            executor.tell(InstrumentationEvent::commit_transaction(depth));
        }
        let committed = match self.database {
            Database::PostgreSql => postgresql::commit(executor).await,
            Database::MySql => mysql::commit(executor, self.interrupted).await,
            Database::Sqlite => sqlite::commit(executor).await,
            Database::Other => managed::commit(executor).await,
        };
        match &committed {
            Ok(()) | Err(CommitError::Ended | CommitError::RolledBack(_)) => {
                self.leave(executor, None);
            }
            Err(CommitError::Refused(_) | CommitError::Aborted) => self.stay(executor),
            // Whatever became of the transaction, it is over where the server goes on answering.
            Err(CommitError::Unknown(_)) if self.database == Database::PostgreSql => {
                if postgresql::answers(executor).await {
                    self.leave(executor, None);
                }
            }
            Err(CommitError::Unknown(_)) => {}
        }
        committed
    }

    pub(in crate::drivers) async fn rollback(
        &mut self,
        executor: &mut impl Executor,
    ) -> Result<(), RollbackError> {
        let checked = self.depth_to_undo(executor).await;
        if let Err(RollbackError::Ended) = checked {
            self.end_replacement(executor).await;
        }
        let depth = checked?;
        self.in_doubt = true;
        if self.database != Database::Other {
            executor.tell(InstrumentationEvent::rollback_transaction(depth));
        }
        let rolled_back = match self.database {
            Database::PostgreSql => postgresql::rollback(executor).await,
            Database::MySql if self.level.is_none() => mysql::roll_back_leftover(executor).await,
            Database::MySql => mysql::rollback(executor, self.interrupted).await,
            Database::Sqlite => sqlite::rollback(executor).await,
            Database::Other => managed::rollback(executor, depth).await,
        };
        if let Ok(()) | Err(RollbackError::Ended) = rolled_back {
            self.leave(executor, None);
        }
        rolled_back
    }

    /// Rolls back what the body may have begun in plain SQL in the place of a transaction of which diesel, which asks libpq,
    /// has seen the end.
    async fn end_replacement(&self, executor: &mut impl Executor) {
        if self.database == Database::PostgreSql {
            let _ = executor.send(CLEAR).await;
        }
    }

    /// The transaction is sure to be rolled back before anything else is done on the connection.
    #[cfg(feature = "diesel-async")]
    pub(in crate::drivers) fn assume_rolled_back(&mut self, executor: &mut impl Executor) {
        self.leave(executor, None);
    }
}
