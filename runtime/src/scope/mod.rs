//! A transaction from its begin to its end.
//!
//! What the sync and the async scope share is here: every decision. They differ only in how they
//! wait for the driver.

mod begin;
mod deferred;
mod finish;
mod future;
mod running;
mod sync;
mod unit;
mod verdict;

pub use future::AsyncScope;
pub use running::{AsyncRunning, Running};
pub use sync::Scope;

use unit::Unit;

use crate::transaction::Session;

/// What a block is to its connection.
#[derive(Clone, Copy, Debug)]
enum Level {
    Outermost,
    /// A savepoint in the transaction around it.
    Nested,
    /// Part of the transaction around it.
    Joined,
    /// A savepoint in a test's transaction, which is to be taken for an outermost one.
    Rehearsal,
}

impl Level {
    /// Whether what it has deferred runs at its end.
    fn is_outermost(self) -> bool {
        matches!(self, Self::Outermost | Self::Rehearsal)
    }
}

/// How far a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Begin or savepoint is under way, and perhaps done.
    Beginning,
    /// The body may run.
    Open,
    /// The commit is under way: it may be stored or not.
    Committing,
    /// Rollback is under way, and perhaps done.
    RollingBack,
    /// It is committed, and what was deferred is running.
    Draining,
    /// It is committed, and what a deferred call has left open is being rolled back.
    Cleaning,
    /// Nothing is left to do.
    Closed,
}

/// What a refused commit leaves on the connection.
enum Leftover {
    Transaction,
    Nothing,
    Unknown,
}

/// The error of a body, where there is one that can be looked at.
type Look<'e> = Option<&'e (dyn std::error::Error + 'static)>;

/// What the driver says of the body's error.
#[derive(Clone, Copy, Debug, Default)]
struct Diagnosis {
    /// Running the transaction again may succeed.
    transient: bool,
    /// The database itself has rolled the transaction back.
    rolled_back: bool,
}

impl Diagnosis {
    fn of(session: &impl Session, error: &(dyn std::error::Error + 'static)) -> Self {
        Self {
            transient: session.is_transient(error),
            rolled_back: session.was_rolled_back_by(error),
        }
    }
}
