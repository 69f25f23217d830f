//! The ends of transactions, as handlers are told of them.

use std::fmt;

use crate::error::Outcome;
use crate::site::Site;

/// A transaction has committed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Committed {
    /// The transaction's [`Event::id`](crate::Event::id); zero where there was no observer when it began.
    pub id: u64,
    /// The outermost function.
    pub site: &'static Site,
    /// The depth of the block in which the handler was connected; zero for the outermost.
    pub nesting: usize,
    /// The number of calls that were deferred in the whole transaction.
    pub deferred: usize,
}

impl Committed {
    /// The same, for handlers of every ending.
    pub(crate) fn completed(&self, nesting: usize) -> Completed {
        Completed {
            id: self.id,
            site: self.site,
            nesting,
            outcome: Outcome::Committed,
            cause: None,
        }
    }
}

/// A transaction, or a savepoint in it, has rolled back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RolledBack {
    /// The [`Event::id`](crate::Event::id) of the block that was rolled back; zero where there was no observer when it
    /// began.
    pub id: u64,
    /// The function that was rolled back.
    pub site: &'static Site,
    /// The depth of the block that was rolled back; zero for the outermost.
    pub nesting: usize,
    /// Why.
    pub cause: Cause,
}

/// A transaction, or a savepoint in it, has ended, in whatever way.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Completed {
    /// The [`Event::id`](crate::Event::id) of the block that has ended; zero where there was no observer when it began.
    pub id: u64,
    /// The function that has ended: the outermost one, or one that was rolled back inside of it.
    pub site: &'static Site,
    /// The depth of the block in which the handler was connected, after a commit; otherwise of the one that has ended.
    pub nesting: usize,
    /// The fate of what the handler's block has written.
    pub outcome: Outcome,
    /// Why, after a rollback.
    pub cause: Option<Cause>,
}

impl Completed {
    /// The same after a rollback, for its handlers.
    pub(crate) fn rolled_back(&self) -> Option<RolledBack> {
        Some(RolledBack {
            id: self.id,
            site: self.site,
            nesting: self.nesting,
            cause: self.cause?,
        })
    }
}

/// Why a block was rolled back.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::commit_on_success;
/// use commit_on_success::signals::{Cause, post_rollback};
///
/// #[commit_on_success]
/// fn import(conn: &mut rusqlite::Connection) -> Result<(), Box<dyn std::error::Error>> {
///     post_rollback().connect(|event| assert_eq!(event.cause, Cause::Error))?;
///     Err("the file is empty".into())
/// }
///
/// import(&mut rusqlite::Connection::open_in_memory()?).unwrap_err();
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// Its body returned an error.
    Error,
    /// Its body panicked.
    Panic,
    /// Its future was dropped.
    Cancelled,
    /// [`set_rollback`](crate::set_rollback) was called.
    Requested,
    /// Its body returned `Ok`, but the commit was refused, or a call before it failed.
    CommitFailed,
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Error => "the body returned an error",
            Self::Panic => "the body panicked",
            Self::Cancelled => "the future was dropped",
            Self::Requested => "a rollback was requested",
            Self::CommitFailed => "the commit was refused",
        })
    }
}
