//! Handlers for the transaction that is open now, which are told how it ended.
//!
//! ```
//! use commit_on_success::signals;
//!
//! # fn connect() -> Result<(), commit_on_success::NotInTransaction> {
//! signals::post_commit().connect(|event| println!("committed {}", event.site))?;
//! signals::post_rollback().connect(|event| println!("rolled back: {}", event.cause))?;
//! # Ok(())
//! # }
//! # assert!(connect().is_err());
//! ```

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::context::{self, Place};
use crate::error::NotInTransaction;
use crate::handlers::{Handler, HandlerOutcome};
use crate::site::Site;

/// A transaction has committed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Committed {
    /// The outermost function.
    pub site: &'static Site,
    /// How deep the block was in which the handler was connected; zero for the outermost.
    pub nesting: usize,
    /// How many calls were deferred in the whole transaction.
    pub deferred: usize,
}

/// A transaction, or a savepoint in it, has rolled back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RolledBack {
    /// The function that was rolled back.
    pub site: &'static Site,
    /// How deep the block was that was rolled back; zero for the outermost.
    pub nesting: usize,
    /// Why.
    pub cause: Cause,
}

/// Why a block was rolled back.
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
    /// Its body returned `Ok`, but the commit was refused.
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

#[doc = include_str!("../docs/post_commit.md")]
#[must_use = "a signal does nothing until a handler is connected"]
pub fn post_commit() -> PostCommit {
    PostCommit(())
}

#[doc = include_str!("../docs/post_rollback.md")]
#[must_use = "a signal does nothing until a handler is connected"]
pub fn post_rollback() -> PostRollback {
    PostRollback(())
}

/// See [`post_commit`].
#[derive(Debug)]
pub struct PostCommit(());

impl PostCommit {
    /// Connects a handler to the innermost transaction that is open here.
    ///
    /// It waits in one queue with the deferred calls, so that it runs in the order of registration,
    /// once the outermost transaction has committed, and like them it may fail: see
    /// [`defer!`](crate::defer).
    ///
    /// # Errors
    ///
    /// [`NotInTransaction`] when no transaction is open here; the handler is dropped then.
    #[track_caller]
    pub fn connect<F, R>(self, handler: F) -> Result<Receiver, NotInTransaction>
    where
        F: FnOnce(&Committed) -> R + Send + 'static,
        R: HandlerOutcome,
    {
        let block = context::innermost().ok_or(NotInTransaction)?;
        let nesting = block.nesting();
        let handler = Handler::commit(handler, nesting, Location::caller());
        Ok(Receiver::of(handler, block))
    }
}

/// See [`post_rollback`].
#[derive(Debug)]
pub struct PostRollback(());

impl PostRollback {
    /// Connects a handler to the innermost transaction that is open here.
    ///
    /// It runs when that block, or one around it, rolls back: after the rollback was acknowledged,
    /// in the order of registration; or, when a future is dropped, in that drop. It never runs when
    /// the outcome is unknown. The function returns the body's own error, so that a handler which
    /// fails or panics is reported to the [observers](crate::Observer) only.
    ///
    /// # Errors
    ///
    /// [`NotInTransaction`] when no transaction is open here; the handler is dropped then.
    #[track_caller]
    pub fn connect<F, R>(self, handler: F) -> Result<Receiver, NotInTransaction>
    where
        F: FnOnce(&RolledBack) -> R + Send + 'static,
        R: HandlerOutcome,
    {
        let block = context::innermost().ok_or(NotInTransaction)?;
        let handler = Handler::rollback(handler, Location::caller());
        Ok(Receiver::of(handler, block))
    }
}

/// A handler that was connected.
///
/// Dropping it leaves the handler connected, until its transaction ends.
#[derive(Debug)]
pub struct Receiver {
    id: u64,
}

static NEXT: AtomicU64 = AtomicU64::new(1);

impl Receiver {
    fn of(handler: Handler, block: Place) -> Self {
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        block.enqueue(handler.with_id(id));
        Self { id }
    }

    /// Disconnects the handler; says whether it was still connected.
    ///
    /// It has to be called where the transaction is open: in the block in which the handler was
    /// connected, or one inside or around it.
    #[allow(
        clippy::must_use_candidate,
        reason = "it is called for what it does; the answer is extra"
    )]
    pub fn disconnect(self) -> bool {
        // Dropped here, outside of the stack's borrow: captures are user code.
        context::remove(self.id).is_some()
    }
}
