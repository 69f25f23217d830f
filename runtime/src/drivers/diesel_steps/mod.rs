//! What diesel and diesel-async share: what is sent for each step of a transaction, what the answers
//! mean, and keeping the depth that diesel counts in step.
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
mod database;
mod depth;
mod error;
mod managed;
mod mysql;
mod nested;
mod outermost;
mod postgresql;
mod sqlite;

use std::future::Future;
use std::num::NonZeroU32;

use ::diesel::connection::{InstrumentationEvent, TransactionManagerStatus};
use ::diesel::result::QueryResult;

pub(super) use database::Database;
pub(super) use error::{explains_end, is_transient};
#[cfg(feature = "diesel-async")]
pub(super) use sqlite::clear as clear_sqlite;

use crate::transaction::{CommitError, ConnectionId, RollbackError, Savepoint, TransactionStatus};

/// A connection of diesel or diesel-async.
pub(super) trait Line: Send {
    /// Sends statements in one message.
    fn send(&mut self, sql: &str) -> impl Future<Output = QueryResult<()>> + Send;

    /// Sends a statement that a connection may keep prepared.
    fn send_usual(&mut self, usual: Usual) -> impl Future<Output = QueryResult<()>> + Send {
        self.send(usual.sql())
    }

    /// Has diesel's own manager of transactions do something.
    fn manage(&mut self, step: Managed) -> impl Future<Output = QueryResult<()>> + Send;

    /// What diesel's manager knows.
    fn status(&mut self) -> &mut TransactionManagerStatus;

    /// Tells diesel's instrumentation.
    fn tell(&mut self, event: InstrumentationEvent<'_>);
}

/// What most transactions of SQLite begin and end with. To parse it takes SQLite longer than to run it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Usual {
    Begin,
    Commit,
}

impl Usual {
    pub(super) const fn sql(self) -> &'static str {
        match self {
            Self::Begin => "BEGIN",
            Self::Commit => "COMMIT",
        }
    }
}

/// What diesel's own manager can do: a transaction or a savepoint further in or out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Managed {
    Begin,
    Commit,
    RollBack,
}

/// Whether the connection of a block was given to it for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tenure {
    Owned,
    Borrowed,
}

/// What becomes of a connection when the future of a statement on it is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interrupted {
    /// It goes on, and answers what it is asked next.
    Works,
    /// It may take the answer to that statement for the answer to the next one.
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
pub(super) struct Steps {
    database: Database,
    interrupted: Interrupted,
    /// What diesel counts inside the block.
    level: Option<NonZeroU32>,
    /// What a nested block can be undone to, until its end is under way.
    savepoint: Option<Savepoint>,
    /// A step is under way, or has failed so that nobody knows what is open.
    in_doubt: bool,
}

impl Steps {
    pub(super) fn on(database: Database, interrupted: Interrupted) -> Self {
        Self {
            database,
            interrupted,
            level: None,
            savepoint: None,
            in_doubt: false,
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
    fn stay(&mut self, line: &mut impl Line) {
        self.in_doubt = false;
        self.count(line, self.level);
    }

    /// The block is closed, and so many are open around it.
    fn leave(&mut self, line: &mut impl Line, around: Option<NonZeroU32>) {
        self.in_doubt = false;
        self.savepoint = None;
        self.count(line, around);
    }

    fn count(&self, line: &mut impl Line, depth: Option<NonZeroU32>) {
        // Of the others, diesel's manager does everything itself.
        if self.database != Database::Other {
            depth::set(line.status(), depth);
        }
    }

    /// What diesel counts around the block.
    fn around(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.level?.get() - 1)
    }

    /// How deep diesel's manager is, to roll back. Where it is broken and does not know, the database
    /// does, as long as its answers are to what was asked.
    async fn depth_to_undo(&mut self, line: &mut impl Line) -> Result<NonZeroU32, RollbackError> {
        let broken = match line.status().transaction_depth() {
            Ok(None) => return Err(RollbackError::Ended),
            Ok(Some(depth)) => return Ok(depth),
            Err(broken) => broken,
        };
        self.in_doubt = true;
        let in_step = match self.interrupted {
            Interrupted::Works => true,
            Interrupted::MayBeLost => {
                self.database == Database::MySql && mysql::is_in_step(line).await
            }
        };
        if in_step {
            Ok(self.level.unwrap_or(NonZeroU32::MIN))
        } else {
            Err(RollbackError::Failed(broken.into()))
        }
    }

    /// Whether diesel's manager is where it was when the body began.
    fn check_level(&self, line: &mut impl Line) -> Result<NonZeroU32, CommitError> {
        match line.status().transaction_depth() {
            Err(broken) => Err(CommitError::Refused(broken.into())),
            Ok(None) => Err(CommitError::Ended),
            Ok(depth) if depth > self.level => Err(CommitError::Refused(StillNested.into())),
            Ok(Some(depth)) => Ok(depth),
        }
    }
}

/// Where the manager's status is, which is inside the connection itself: the same through the smart
/// pointer of a pool, and through the enum of `#[derive(MultiConnection)]`.
pub(super) fn id(status: &TransactionManagerStatus) -> ConnectionId {
    ConnectionId::of(status)
}

/// A manager that is broken does not know.
pub(super) fn status(status: &mut TransactionManagerStatus) -> TransactionStatus {
    if depth::is_of_a_test(status) {
        return TransactionStatus::Test;
    }
    match status.transaction_depth() {
        Ok(None) => TransactionStatus::Idle,
        Ok(Some(_)) => TransactionStatus::Open,
        Err(_) => TransactionStatus::Untracked,
    }
}
