//! The events that observers are told of: one for each method of [`Observer`](crate::Observer).
//!
//! The `id` in an event is the [`Event::id`](crate::Event::id) of the block that it is about, which joins it with the
//! block's other events. It is zero where there is no block, or where there was no observer when the block began.

use std::panic::Location;

use crate::error::{BoxError, HandlerFailure};
use crate::event::Cause;
use crate::site::Site;

/// A transaction, or a savepoint in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// Tells transactions apart: the same for the begin and the end of one, and for no other.
    pub id: u64,
    /// The `id` of the block around it on the same connection; zero where there is none, or where it had begun before
    /// there was any observer.
    pub parent: u64,
    /// The annotated function.
    pub site: &'static Site,
    /// The driver's name.
    pub driver: &'static str,
    /// The number of blocks that are open around this one, on the same connection.
    pub nesting: usize,
    /// The number of calls that it had deferred, those of its nested blocks included.
    pub deferred: usize,
}

/// The body of a block begins to run on this thread, or stops, for good or until its future is polled again.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Step {
    /// Of the block.
    pub id: u64,
}

/// A transaction, or a savepoint in it, was rolled back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RolledBack<'e> {
    /// The block.
    pub transaction: &'e Event,
    /// Why.
    pub cause: Cause,
}

/// A deferred call or a handler failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HandlerFailed<'e> {
    /// Of the outermost block that has committed, or of the block that was rolled back.
    pub id: u64,
    /// The failure, and the place at which the call was deferred.
    pub failure: &'e HandlerFailure,
}

/// A rollback failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RollbackFailed<'e> {
    /// Of the block that was to be rolled back.
    pub id: u64,
    /// The annotated function.
    pub site: &'static Site,
    /// The driver's error.
    pub error: &'e BoxError,
}

/// A transaction that somebody had left open on a connection was rolled back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LeftoverRolledBack {
    /// The driver's name.
    pub driver: &'static str,
}

/// A call was deferred outside of any transaction.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeferredOutside {
    /// The place at which it was deferred.
    pub location: &'static Location<'static>,
}

/// A function that must not be called inside a transaction was.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CalledInside {
    /// Of the block that it was called in.
    pub id: u64,
    /// The path of the function.
    pub function: &'static str,
    /// The function that the transaction is of.
    pub site: &'static Site,
}
