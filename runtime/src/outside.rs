//! What a call deferred outside of any transaction does.
//!
//! By default it runs at once, as in Django: code that defers a call works with and without a
//! transaction around it. A process that wants to find such places can choose otherwise.
//!
//! ```
//! use commit_on_success::outside;
//!
//! outside::set(outside::Warn);
//! assert_eq!(outside::get(), outside::Warn);
//! ```

use std::panic::Location;
use std::sync::atomic::{AtomicU8, Ordering};

pub use Policy::{Refuse, Run, Warn};

use crate::error::HandlerFailure;
use crate::handlers::HandlerOutcome;
use crate::observer;

/// What a call deferred outside of any transaction does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// It runs at once.
    #[default]
    Run,
    /// It runs at once, and [observers](crate::Observer) are told; without any, a line goes to
    /// standard error.
    Warn,
    /// It does not run: `defer!` panics. `try_defer!` returns its error under every policy.
    Refuse,
}

static POLICY: AtomicU8 = AtomicU8::new(Run as u8);

/// Chooses the policy of this process.
pub fn set(policy: Policy) {
    POLICY.store(policy as u8, Ordering::Relaxed);
}

/// The policy of this process.
#[must_use]
pub fn get() -> Policy {
    let policy = POLICY.load(Ordering::Relaxed);
    [Run, Warn, Refuse]
        .into_iter()
        .find(|known| *known as u8 == policy)
        .unwrap_or_default()
}

/// Applies the policy to a call that is about to run.
pub(crate) fn admit(location: &'static Location<'static>) {
    match get() {
        Run => {}
        Warn => observer::deferred_outside(location),
        Refuse => panic!("a call was deferred outside of any transaction at {location}"),
    }
}

/// There is no transaction that could report the failure.
pub(crate) fn settle(outcome: impl HandlerOutcome, location: &'static Location<'static>) {
    if let Err(source) = outcome.into_result() {
        observer::handler_failed_unheard(&HandlerFailure::Failed { location, source });
    }
}
