//! The steps of a transaction that diesel and diesel-async share: the statements that are sent for each of them, the
//! meaning of the answers, and keeping the depth that diesel counts in step.
//!
//! diesel's own `begin_transaction` and `commit_transaction` know no options and believe every
//! `COMMIT`, so the steps are SQL of our own, several statements in one message where that saves a
//! round trip. diesel is told afterwards how deep it is, so that `conn.transaction(…)` inside a body
//! is a savepoint, and its instrumentation hears of each step.
//!
//! An error of diesel carries no code. Where a message of two statements has failed, the first of them
//! is sent again, alone and in the same state: if it was the one that failed, the server says the same
//! again, word for word. So texts of the server are compared with each other, never with one that is
//! written down here.

mod answers;
mod block;
mod database;
mod depth;
mod error;
mod executor;
mod hold;
#[cfg(feature = "jobs")]
pub(super) mod jobs;
mod managed;
mod mysql;
mod nested;
mod outermost;
mod postgresql;
mod pragma;
mod sqlite;

use std::num::NonZeroU32;

pub(super) use block::{DieselBlock, Driver, Names};
pub(super) use database::Database;
pub(super) use executor::{CachedStatement, Executor, Managed};
pub(super) use hold::{Hold, Ownership};
#[cfg(feature = "diesel-async")]
pub(super) use sqlite::clear as clear_sqlite;

use crate::transaction::{CommitError, RollbackError, Savepoint};

/// Whether a connection can be used again when the future of a statement on it was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// The connection goes on, and answers the next question.
    Works,
    /// The connection may take the answer to that statement for the answer to the next one.
    #[cfg_attr(
        not(feature = "diesel-async"),
        allow(dead_code, reason = "a sync connection waits for its answers")
    )]
    MayBeLost,
}

/// The body has begun a transaction of diesel inside this one and left it open: its panic was caught, or its
/// future dropped.
#[derive(Debug, thiserror::Error)]
#[error("a transaction begun with diesel inside this one is still open")]
struct StillNested;

/// The steps of one block.
#[derive(Debug)]
#[allow(unreachable_pub, reason = "handles have steps of several blocks")]
pub struct Steps {
    database: Database,
    interrupted: Interrupted,
    /// The depth that diesel counts inside the block, once it has begun.
    level: Option<NonZeroU32>,
    /// The savepoint that a nested block can be undone to, until its end is under way.
    savepoint: Option<Savepoint>,
    /// A step is under way, or has failed so that nobody knows what is open.
    in_doubt: bool,
    /// A nested block that was given up is sure to be undone before anything else is done.
    #[cfg(feature = "diesel-async")]
    has_undone: bool,
}

impl Steps {
    fn on(database: Database, interrupted: Interrupted) -> Self {
        Self {
            database,
            interrupted,
            level: None,
            savepoint: None,
            in_doubt: false,
            #[cfg(feature = "diesel-async")]
            has_undone: false,
        }
    }

    pub(super) fn database(&self) -> Database {
        self.database
    }

    /// Whether somebody has to see to it that nobody else gets the connection.
    pub(super) fn in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// The block is open, as far as anybody can know.
    fn stay(&mut self, executor: &mut impl Executor) {
        self.in_doubt = false;
        self.count(executor, self.level);
    }

    /// The block is closed, and so many are open around it.
    fn leave(&mut self, executor: &mut impl Executor, around: Option<NonZeroU32>) {
        self.in_doubt = false;
        self.savepoint = None;
        self.count(executor, around);
    }

    fn count(&self, executor: &mut impl Executor, depth: Option<NonZeroU32>) {
        // Of the others, diesel's manager does everything itself.
        if self.database != Database::Other {
            depth::set(executor.status(), depth);
        }
    }

    /// The depth that diesel counts around the block.
    fn around(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.level?.get() - 1)
    }

    /// The depth of diesel's manager, to roll back. Where the manager is broken and does not know, the database
    /// does, as long as its answers are to what was asked.
    async fn depth_to_undo(
        &mut self,
        executor: &mut impl Executor,
    ) -> Result<NonZeroU32, RollbackError> {
        let broken = match executor.status().transaction_depth() {
            Ok(None) => return Err(RollbackError::Ended),
            Ok(Some(depth)) => return Ok(depth),
            Err(broken) => broken,
        };
        self.in_doubt = true;
        let in_step = match self.interrupted {
            Interrupted::Works => true,
            Interrupted::MayBeLost => {
                self.database == Database::MySql && mysql::is_in_step(executor).await
            }
        };
        if in_step {
            Ok(self.level.unwrap_or(NonZeroU32::MIN))
        } else {
            Err(RollbackError::Failed(broken.into()))
        }
    }

    /// Whether diesel's manager is where it was when the body began.
    fn check_level(&self, executor: &mut impl Executor) -> Result<NonZeroU32, CommitError> {
        match executor.status().transaction_depth() {
            Err(broken) => Err(CommitError::Refused(broken.into())),
            Ok(None) => Err(CommitError::Ended),
            Ok(depth) if depth > self.level => Err(CommitError::Refused(StillNested.into())),
            Ok(Some(depth)) => Ok(depth),
        }
    }

    pub(super) async fn check(&mut self, executor: &mut impl Executor) -> Result<(), CommitError> {
        match self.database {
            Database::PostgreSql => postgresql::check(executor).await,
            Database::Sqlite => sqlite::check(executor).await,
            // Nothing waits for the commit on MySQL; of the others nobody knows.
            Database::MySql | Database::Other => Ok(()),
        }
    }
}
