//! Process-wide observers, and what happens to failures that no caller can be told about.

use std::fmt::Write as _;
use std::panic::Location;
use std::sync::OnceLock;

use crate::error::{BoxError, HandlerFailure};
use crate::site::Site;

/// Is told what no return value can tell.
///
/// Every method does nothing by default. They are called on the thread where it happened, also
/// while it unwinds, so they must be quick and must not panic.
///
/// A failure of which no caller hears (a rollback that failed behind a body's own error, a call
/// that failed outside of any transaction or after its future was dropped) is written to standard
/// error while no observer is registered.
pub trait Observer: Send + Sync {
    /// A deferred call failed; its transaction is committed.
    fn handler_failed(&self, failure: &HandlerFailure) {
        let _ = failure;
    }

    /// A rollback failed. The function returns its own error, and the connection was closed where
    /// that is possible.
    fn rollback_failed(&self, site: &Site, error: &BoxError) {
        let _ = (site, error);
    }

    /// A transaction that was to be rolled back had ended before, so that nobody knows whether it
    /// was undone.
    fn ended_early(&self, site: &Site) {
        let _ = site;
    }

    /// A call was deferred outside of any transaction while the policy is
    /// [`outside::Warn`](crate::outside::Warn).
    fn deferred_outside(&self, location: &'static Location<'static>) {
        let _ = location;
    }
}

/// Registers an observer for the rest of the process.
///
/// Observers are told in the order in which they were added. There is no way to remove one, so that
/// nothing has to be locked when they are told.
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

fn tell(observe: impl Fn(&dyn Observer)) -> Told {
    let mut told = Told::Nobody;
    for observer in observers() {
        observe(observer);
        told = Told::Somebody;
    }
    told
}

#[derive(PartialEq, Eq)]
enum Told {
    Nobody,
    Somebody,
}

pub(crate) fn handler_failed(failure: &HandlerFailure) {
    tell(|observer| observer.handler_failed(failure));
}

/// A failure that no error will carry.
pub(crate) fn handler_failed_unheard(failure: &HandlerFailure) {
    if tell(|observer| observer.handler_failed(failure)) == Told::Nobody {
        complain(failure, None);
    }
}

pub(crate) fn rollback_failed(site: &Site, error: &BoxError) {
    if tell(|observer| observer.rollback_failed(site, error)) == Told::Nobody {
        complain(&format_args!("the rollback of {site} failed"), Some(error));
    }
}

pub(crate) fn ended_early(site: &Site) {
    tell(|observer| observer.ended_early(site));
}

pub(crate) fn deferred_outside(location: &'static Location<'static>) {
    if tell(|observer| observer.deferred_outside(location)) == Told::Nobody {
        complain(
            &format_args!("a call was deferred outside of any transaction at {location}"),
            None,
        );
    }
}

/// The last resort. Does not use `eprintln!`, which panics when standard error is closed.
fn complain(what: &dyn std::fmt::Display, source: Option<&BoxError>) {
    let mut line = String::new();
    let _ = write!(line, "commit_on_success: {what}");
    if let Some(source) = source {
        let _ = write!(line, ": {source}");
    }
    line.push('\n');
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}
