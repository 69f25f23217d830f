//! The reasons for which a transaction can only be rolled back.

use std::panic::Location;

use crate::site::Site;

/// Why a transaction can only be rolled back.
///
/// ```
/// use commit_on_success::{Error, RollbackOnly};
///
/// /// Whether trying again is worth it: a block that failed would fail again.
/// fn is_passing(error: &Error) -> bool {
///     matches!(error.rollback_only(), Some(RollbackOnly::NestedCancelled))
/// }
/// # assert!(!is_passing(&commit_on_success::set_rollback().unwrap_err()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RollbackOnly {
    /// The future of a nested block was dropped before it ended, and its writes cannot be told
    /// from those of the block around it.
    #[error("a nested transaction was cancelled half-way")]
    NestedCancelled,
    /// The async body of a nested block panicked, the panic was caught around it, and its writes cannot be told from those
    /// of the block around it: rolling back to its savepoint would have to be awaited.
    #[error("a nested transaction panicked half-way")]
    NestedPanicked,
    /// A nested block failed, and rolling back to its savepoint failed as well.
    #[error("a nested transaction could not be rolled back to its savepoint")]
    SavepointLost,
    /// A block that had joined the transaction, without a savepoint, failed.
    #[error("`{}`, which had joined it without a savepoint, failed", site.function)]
    #[non_exhaustive]
    Joined {
        /// The block that had joined it.
        site: &'static Site,
    },
    /// An async call was deferred inside a transaction of a sync function, which cannot await it.
    #[error(
        "an async call was deferred at {location}, inside a transaction of a sync function that cannot await it"
    )]
    #[non_exhaustive]
    AsyncCall {
        /// The place at which it was deferred.
        location: &'static Location<'static>,
    },
    /// A job of [`enqueue!`](https://docs.rs/commit_on_success/latest/commit_on_success/macro.enqueue.html) was not stored, and its
    /// error was not passed on: its insert failed, its future was dropped half-way, or was never awaited.
    #[error("the job that was enqueued at {location} was not stored")]
    #[non_exhaustive]
    NotStored {
        /// The place at which it was enqueued.
        location: &'static Location<'static>,
    },
}
