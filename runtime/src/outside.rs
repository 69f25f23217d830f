//! Code outside of any transaction: the way there, and the policy for calls that are deferred there.
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

use std::future::Future;
use std::panic::Location;
use std::sync::atomic::{AtomicU8, Ordering};

pub use Policy::{Refuse, Run, Warn};

use crate::context::{Hidden, Inside, Outside};
use crate::error::HandlerFailure;
#[cfg(feature = "jobs")]
use crate::error::{Error, Reason};
use crate::handler_outcome::HandlerOutcome;
use crate::observer;
use crate::run::Unheard;

/// The policy for a call that is deferred outside of any transaction.
///
/// ```
/// use commit_on_success::{defer, outside};
///
/// outside::set(outside::Refuse); // in the tests of a service, for example
/// let deferred = std::panic::catch_unwind(|| defer!(println!("never")));
/// assert!(deferred.is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// The call runs at once.
    #[default]
    Run,
    /// The call runs at once, and [observers](crate::Observer) are told; without any, a line goes to
    /// standard error.
    Warn,
    /// The call does not run: `defer!` panics. `try_defer!` returns its error under every policy.
    Refuse,
}

static POLICY: AtomicU8 = AtomicU8::new(Run as u8);

/// Chooses the policy of this process.
///
/// ```
/// use commit_on_success::outside;
///
/// outside::set(outside::Refuse);
/// assert_eq!(outside::get(), outside::Refuse);
/// ```
pub fn set(policy: Policy) {
    POLICY.store(policy as u8, Ordering::Relaxed);
}

/// The policy of this process.
///
/// ```
/// use commit_on_success::outside;
///
/// assert_eq!(outside::get(), outside::Run);
/// ```
#[must_use]
pub fn get() -> Policy {
    let policy = POLICY.load(Ordering::Relaxed);
    [Run, Warn, Refuse]
        .into_iter()
        .find(|known| *known as u8 == policy)
        .unwrap_or_default()
}

/// Runs code outside of any transaction, whatever blocks are open around it.
///
/// The block of a sync function belongs to the thread that its body runs on. Whatever else the body has that thread do is
/// taken for a part of it: a future that an executor polls inside of a `block_on`, a job that a thread pool has stolen while
/// the body waits for its own. With the feature `tokio`, tasks of tokio are told apart. For others, this is the way out.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> rusqlite::Result<()> {
/// use commit_on_success::{commit_on_success, in_transaction, outside};
/// use rusqlite::Connection;
///
/// #[commit_on_success]
/// fn store(conn: &mut Connection) -> rusqlite::Result<()> {
///     assert!(in_transaction());
///     outside::scope(|| assert!(!in_transaction()));
///     Ok(())
/// }
///
/// store(&mut Connection::open_in_memory()?)
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
pub fn scope<R>(code: impl FnOnce() -> R) -> R {
    let _hidden = Hidden::new();
    code()
}

/// Runs a future outside of any transaction, as [`scope`] does code: whenever it is polled, and when it is dropped.
///
/// # Cancel safety
///
/// That of the future.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use commit_on_success::{in_transaction, outside};
///
/// let inside = outside::scope_async(async { in_transaction() }).await;
/// assert!(!inside);
/// # }
/// ```
pub fn scope_async<F: Future>(future: F) -> impl Future<Output = F::Output> {
    Inside::new(Outside, future)
}

/// Applies the policy to a call that is about to run.
pub(crate) fn admit(location: &'static Location<'static>) {
    assert!(
        is_admitted(location),
        "a call was deferred outside of any transaction at {location}"
    );
}

/// Applies the policy to a job that is about to be stored.
#[cfg(feature = "jobs")]
pub(crate) fn admit_job(location: &'static Location<'static>) -> Result<(), Error> {
    if is_admitted(location) {
        return Ok(());
    }
    Err(Reason::NotInTransaction.into())
}

/// Whether something may be done outside of any transaction, of which observers hear where that is the policy.
fn is_admitted(location: &'static Location<'static>) -> bool {
    match get() {
        Run => true,
        Warn => {
            observer::deferred_outside(location);
            true
        }
        Refuse => false,
    }
}

/// There is no transaction that could report the failure.
pub(crate) fn report(outcome: impl HandlerOutcome, location: &'static Location<'static>) {
    if let Err(error) = outcome.into_result() {
        match error.downcast::<Unheard>() {
            Ok(unheard) => unheard.0.iter().for_each(report_failure),
            Err(error) => report_failure(&HandlerFailure::failed(location, error)),
        }
    }
}

fn report_failure(failure: &HandlerFailure) {
    observer::handler_failed_unheard(failure, observer::NO_TRANSACTION);
}
