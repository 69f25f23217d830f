//! Process-wide observers, and the way of failures that no caller can be told about.

pub mod events;

use std::cell::Cell;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

pub use self::events::Event;
use self::events::{
    CalledInside, DeferredOutside, HandlerFailed, LeftoverRolledBack, RollbackFailed, RolledBack,
    Step,
};
use crate::context::Hidden;
use crate::error::{BoxError, HandlerFailure};
use crate::event::Cause;
use crate::site::Site;

/// The `id` of what is in no block that is observed.
pub(crate) const NO_TRANSACTION: u64 = 0;

#[doc = include_str!("../../docs/observer.md")]
pub trait Observer: Send + Sync {
    /// A transaction, or a savepoint, was begun.
    fn begun(&self, event: &Event) {
        let _ = event;
    }

    /// The body of a block that has begun goes on, on this thread: once for a sync one, whenever its future is polled or
    /// dropped for an async one. It is [`left`](Self::left) before this thread does anything else.
    fn entered(&self, event: &Step) {
        let _ = event;
    }

    /// The body of a block has ended, waits, or was dropped. The last that was entered on this thread is left first.
    fn left(&self, event: &Step) {
        let _ = event;
    }

    /// A transaction was committed.
    fn committed(&self, event: &Event) {
        let _ = event;
    }

    /// A nested block has succeeded: its savepoint was released, or it had joined the block around it. Whether it is
    /// stored depends on that one, its [`parent`](Event::parent).
    fn released(&self, event: &Event) {
        let _ = event;
    }

    /// A transaction, or a savepoint, was rolled back.
    fn rolled_back(&self, event: &RolledBack<'_>) {
        let _ = event;
    }

    /// Nobody knows what became of a transaction.
    fn unknown(&self, event: &Event) {
        let _ = event;
    }

    /// A deferred call or a handler failed.
    fn handler_failed(&self, event: &HandlerFailed<'_>) {
        let _ = event;
    }

    /// A rollback failed. The function returns its own error, and the connection was closed where
    /// that is possible.
    fn rollback_failed(&self, event: &RollbackFailed<'_>) {
        let _ = event;
    }

    /// A transaction was open on a connection that was given to a block, left behind by whoever had it last,
    /// and was rolled back.
    fn leftover_rolled_back(&self, event: &LeftoverRolledBack) {
        let _ = event;
    }

    /// A call was deferred outside of any transaction while the policy is
    /// [`outside::Warn`](crate::outside::Warn).
    fn deferred_outside(&self, event: &DeferredOutside) {
        let _ = event;
    }

    /// A function that must not be called inside a transaction was, in a build without debug
    /// assertions: see [`outside_transaction!`](crate::outside_transaction).
    fn called_inside(&self, event: &CalledInside) {
        let _ = event;
    }
}

/// Registers an observer for the rest of the process.
///
/// Observers are told in the order in which they were added. There is no way to remove one, so that
/// nothing has to be locked when they are told.
///
/// ```
/// use commit_on_success::{Event, Observer, add_observer};
///
/// struct Log;
///
/// impl Observer for Log {
///     fn unknown(&self, event: &Event) {
///         eprintln!("nobody knows what became of {}", event.site);
///     }
/// }
///
/// add_observer(Log);
/// ```
pub fn add_observer(observer: impl Observer + 'static) {
    let mut node = Box::new(Node {
        observer: Box::new(observer),
        next: OnceLock::new(),
    });
    let mut end = &OBSERVERS;
    while let Err(back) = end.set(node) {
        node = back;
        match end.get() {
            Some(taken) => end = &taken.next,
            None => unreachable!("a cell that refuses a value holds one"),
        }
    }
}

/// A list that only grows, so that reading it needs no lock.
struct Node {
    observer: Box<dyn Observer>,
    next: OnceLock<Box<Node>>,
}

static OBSERVERS: OnceLock<Box<Node>> = OnceLock::new();

fn observers() -> impl Iterator<Item = &'static dyn Observer> {
    std::iter::successors(OBSERVERS.get(), |node| node.next.get()).map(|node| &*node.observer)
}

thread_local! {
    /// Whether an observer runs on this thread.
    static OBSERVING: Cell<bool> = const { Cell::new(false) };
}

/// A guest's visit, which ends when it is dropped.
struct Visit;

impl Visit {
    fn begin() -> Self {
        OBSERVING.set(true);
        Self
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        OBSERVING.set(false);
    }
}

/// Tells each observer, whatever the others do.
fn tell(observe: impl Fn(&dyn Observer)) -> Told {
    if !any() || OBSERVING.get() {
        return Told::Nobody;
    }
    let _visit = Visit::begin();
    let _outside = Hidden::new();
    for observer in observers() {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| observe(observer))) {
            warn_on_stderr(&"an observer panicked", None);
            // A payload may be of a user's type, and panic when it is dropped.
            let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
            dropped.unwrap_or_else(std::mem::forget);
        }
    }
    Told::Somebody
}

#[derive(PartialEq, Eq)]
enum Told {
    Nobody,
    Somebody,
}

pub(crate) fn handler_failed(failure: &HandlerFailure, id: u64) {
    tell(|observer| observer.handler_failed(&HandlerFailed { id, failure }));
}

/// A failure that no error will carry.
pub(crate) fn handler_failed_unheard(failure: &HandlerFailure, id: u64) {
    let event = HandlerFailed { id, failure };
    if tell(|observer| observer.handler_failed(&event)) == Told::Nobody {
        warn_on_stderr(failure, None);
    }
}

pub(crate) fn rollback_failed(id: u64, site: &'static Site, error: &BoxError) {
    let event = RollbackFailed { id, site, error };
    if tell(|observer| observer.rollback_failed(&event)) == Told::Nobody {
        warn_on_stderr(&format_args!("the rollback of {site} failed"), Some(error));
    }
}

#[cfg_attr(
    not(any(feature = "rusqlite", feature = "postgres")),
    allow(dead_code, reason = "told by what can be left behind")
)]
pub(crate) fn leftover_rolled_back(driver: &'static str) {
    let event = LeftoverRolledBack { driver };
    if tell(|observer| observer.leftover_rolled_back(&event)) == Told::Nobody {
        warn_on_stderr(
            &format_args!(
                "a transaction that was left open on a connection of {driver} was rolled back"
            ),
            None,
        );
    }
}

pub(crate) fn begun(event: &Event) {
    tell(|observer| observer.begun(event));
}

pub(crate) fn entered(id: u64) {
    tell(|observer| observer.entered(&Step { id }));
}

pub(crate) fn left(id: u64) {
    tell(|observer| observer.left(&Step { id }));
}

pub(crate) fn committed(event: &Event) {
    tell(|observer| observer.committed(event));
}

pub(crate) fn released(event: &Event) {
    tell(|observer| observer.released(event));
}

pub(crate) fn rolled_back(transaction: &Event, cause: Cause) {
    let event = RolledBack { transaction, cause };
    tell(|observer| observer.rolled_back(&event));
}

pub(crate) fn unknown(event: &Event) {
    tell(|observer| observer.unknown(event));
}

pub(crate) fn called_inside(function: &'static str, id: u64, site: &'static Site) {
    let event = CalledInside { id, function, site };
    if tell(|observer| observer.called_inside(&event)) == Told::Nobody {
        warn_on_stderr(
            &format_args!("`{function}` was called inside the transaction of {site}"),
            None,
        );
    }
}

/// Whether anybody listens, so that an event is worth making.
#[inline]
fn any() -> bool {
    OBSERVERS.get().is_some()
}

/// An identity for a transaction, where somebody listens.
#[inline]
pub(crate) fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    if any() && !OBSERVING.get() {
        NEXT.fetch_add(1, Ordering::Relaxed)
    } else {
        0
    }
}

pub(crate) fn deferred_outside(location: &'static Location<'static>) {
    let event = DeferredOutside { location };
    if tell(|observer| observer.deferred_outside(&event)) == Told::Nobody {
        warn_on_stderr(
            &format_args!("a call was deferred outside of any transaction at {location}"),
            None,
        );
    }
}

/// The last resort. Does not use `eprintln!`, which panics when standard error is closed.
fn warn_on_stderr(message: &dyn std::fmt::Display, source: Option<&BoxError>) {
    let mut line = String::new();
    let _ = write!(line, "commit_on_success: {message}");
    if let Some(source) = source {
        let _ = write!(line, ": {source}");
    }
    line.push('\n');
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}
