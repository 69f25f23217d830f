//! Handlers for the transaction that is open now, which are told how it ended.
//!
//! ```
//! use commit_on_success::signals;
//!
//! # fn connect() -> Result<(), commit_on_success::Error> {
//! signals::post_commit().connect(|event| println!("committed {}", event.site))?;
//! signals::post_rollback().connect(|event| println!("rolled back: {}", event.cause))?;
//! # Ok(())
//! # }
//! # assert!(connect().is_err());
//! ```

use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::context::{self, OpenBlock};
use crate::error::{Error, Reason, accepted};
pub use crate::event::{Cause, Committed, Completed, RolledBack};
use crate::handler_outcome::HandlerOutcome;
use crate::queue::Handler;

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

#[doc = include_str!("../docs/completed.md")]
#[must_use = "a signal does nothing until a handler is connected"]
pub fn completed() -> Completion {
    Completion(())
}

/// See [`post_commit`].
///
/// ```
/// use commit_on_success::signals;
///
/// let signal = signals::post_commit();
/// assert!(signal.connect(|_| println!("stored")).is_err(), "no transaction is open here");
/// ```
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
    /// [`ErrorKind::NotInTransaction`](crate::ErrorKind::NotInTransaction) when no transaction is open here; the handler is dropped then.
    #[track_caller]
    pub fn connect<F, R>(self, handler: F) -> Result<Receiver, Error>
    where
        F: FnOnce(&Committed) -> R + Send + 'static,
        R: HandlerOutcome,
    {
        let block = context::innermost().ok_or(Reason::NotInTransaction)?;
        let nesting = block.nesting();
        let handler = Handler::commit(handler, nesting, Location::caller());
        Receiver::of(handler, block)
    }
}

/// See [`post_rollback`].
///
/// ```
/// use commit_on_success::signals;
///
/// let signal = signals::post_rollback();
/// assert!(signal.connect(|_| println!("undone")).is_err(), "no transaction is open here");
/// ```
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
    /// [`ErrorKind::NotInTransaction`](crate::ErrorKind::NotInTransaction) when no transaction is open here; the handler is dropped then.
    #[track_caller]
    pub fn connect<F, R>(self, handler: F) -> Result<Receiver, Error>
    where
        F: FnOnce(&RolledBack) -> R + Send + 'static,
        R: HandlerOutcome,
    {
        let block = context::innermost().ok_or(Reason::NotInTransaction)?;
        let handler = Handler::rollback(handler, Location::caller());
        Receiver::of(handler, block)
    }
}

/// See [`completed`].
///
/// ```
/// use commit_on_success::signals;
///
/// let signal = signals::completed();
/// assert!(signal.connect(|_| println!("over")).is_err(), "no transaction is open here");
/// ```
#[derive(Debug)]
pub struct Completion(());

impl Completion {
    /// Connects a handler to the innermost transaction that is open here.
    ///
    /// It runs once, when that block, or one around it, rolls back, when nobody knows what became of it, or when the outermost
    /// transaction has committed; after the deferred calls and the handlers of the other signals, when the connection is given back.
    /// After a commit it may fail as they do: see [`defer!`](crate::defer). In the other cases a failure or a panic of it
    /// is reported to the [observers](crate::Observer) only.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotInTransaction`](crate::ErrorKind::NotInTransaction) when no transaction is open here; the handler is dropped then.
    #[track_caller]
    pub fn connect<F, R>(self, handler: F) -> Result<Receiver, Error>
    where
        F: FnOnce(&Completed) -> R + Send + 'static,
        R: HandlerOutcome,
    {
        let block = context::innermost().ok_or(Reason::NotInTransaction)?;
        let handler = Handler::completed(handler, block.nesting(), Location::caller());
        Receiver::of(handler, block)
    }
}

/// A handler that was connected.
///
/// Dropping it leaves the handler connected, until its transaction ends.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::{commit_on_success, signals};
/// use rusqlite::Connection;
///
/// #[commit_on_success]
/// fn upload(conn: &mut Connection) -> Result<(), Box<dyn std::error::Error>> {
///     let cleanup = signals::post_rollback().connect(|_| println!("the file is removed"))?;
///     conn.execute_batch("CREATE TABLE file (name TEXT)")?;
///     assert!(cleanup.disconnect(), "from here on the file stays");
///     Ok(())
/// }
///
/// upload(&mut Connection::open_in_memory()?)?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct Receiver {
    id: u64,
}

static NEXT: AtomicU64 = AtomicU64::new(1);

impl Receiver {
    fn of(handler: Handler, block: OpenBlock) -> Result<Self, Error> {
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        accepted(block.try_enqueue(handler.with_id(id)))?;
        Ok(Self { id })
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
