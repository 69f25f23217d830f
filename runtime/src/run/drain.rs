//! The calls of a transaction that has committed, one by one, whatever each of them does.

use std::future::{Future, poll_fn};
use std::task::{Context, Poll, ready};

use super::results::{Registered, Results, drop_call, poll, poll_hidden, run};
use crate::context::Hidden;
use crate::error::HandlerFailure;
use crate::event::Committed;
use crate::executor;
#[cfg(feature = "jobs")]
use crate::jobs;
use crate::observer;
use crate::queue::{AsyncCall, Call, Handler};

/// Runs what waited for a commit. Dropping it runs the rest as far as that is possible without
/// waiting.
pub(crate) struct Drain {
    waiting: std::vec::IntoIter<Handler>,
    /// The async call that is being awaited.
    current: Option<(AsyncCall, Registered)>,
    event: Committed,
    results: Results,
}

impl Drain {
    pub(crate) fn new(calls: Vec<Handler>, event: Committed) -> Self {
        Self {
            waiting: calls.into_iter(),
            current: None,
            event,
            results: Results::default(),
        }
    }

    /// Runs the next one of a sync scope, and says where it was registered. What is around has to be
    /// [`Hidden`].
    pub(crate) fn next_sync(&mut self) -> Option<Registered> {
        let Handler { call, location, .. } = self.waiting.next()?;
        match call {
            Call::Sync(call) => self.results.add(location, run(call)),
            call => self.run_rare(call, location),
        }
        Some(location)
    }

    /// Runs the next one of an async scope, and says where it was registered.
    pub(crate) fn next(&mut self) -> impl Future<Output = Option<Registered>> {
        poll_fn(|context| self.poll_next(context))
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Registered>> {
        // Captures are dropped here as well: outside of any transaction.
        let _hidden = Hidden::new();
        let (call, location) = match &mut self.current {
            Some(current) => current,
            none => match self.waiting.next() {
                Some(Handler {
                    call: Call::Async(call),
                    location,
                    ..
                }) => none.insert((call, location)),
                Some(Handler { call, location, .. }) => {
                    self.run_sync(call, location);
                    return Poll::Ready(Some(location));
                }
                None => return Poll::Ready(None),
            },
        };
        let location = *location;
        self.results
            .add(location, ready!(poll(call.as_mut(), context)));
        if let Some((finished, location)) = self.current.take() {
            self.results.add(location, drop_call(finished));
        }
        Poll::Ready(Some(location))
    }

    fn run_rare(&mut self, call: Call, location: Registered) {
        // An async call dooms a sync scope when it is deferred there; this one came from a nested
        // block of an async function, which something blocked on.
        if let Some(_lost) = self.run_sync(call, location) {
            self.fail(HandlerFailure::lost(location));
        }
    }

    fn run_sync_hidden(&mut self, call: Call, location: Registered) -> Option<AsyncCall> {
        let _hidden = Hidden::new();
        self.run_sync(call, location)
    }

    /// Hands an async call back.
    #[inline]
    fn run_sync(&mut self, call: Call, location: Registered) -> Option<AsyncCall> {
        let end = match call {
            Call::Sync(call) => run(call),
            Call::Commit(call, nesting) => {
                self.event.nesting = nesting;
                run(|| call(&self.event))
            }
            Call::Completed(call, nesting) => run(|| call(&self.event.completed(nesting))),
            #[cfg(feature = "jobs")]
            Call::Stored(queue) => run(|| {
                jobs::tell(queue);
                Ok(())
            }),
            #[cfg(feature = "jobs")]
            Call::Storing => run(|| Ok(())),
            call @ (Call::Rollback(_)
            | Call::Before(_)
            | Call::Mailbox(_)
            | Call::Keyed(_)
            | Call::Replaced(_)) => run(move || {
                drop(call);
                Ok(())
            }),
            Call::Async(call) => return Some(call),
        };
        self.results.add(location, end);
        None
    }

    pub(crate) fn fail(&mut self, failure: HandlerFailure) {
        self.results.fail(failure);
    }

    /// The failures of all calls that have run.
    ///
    /// # Panics
    ///
    /// With the payload of the first call that panicked.
    pub(crate) fn finish(&mut self) -> Vec<HandlerFailure> {
        self.results.finish(self.event.id)
    }

    /// Runs what is left.
    #[cold]
    fn run_rest(&mut self) {
        let mut left: Vec<_> = self.current.take().into_iter().collect();
        while let Some(Handler { call, location, .. }) = self.waiting.next() {
            if let Some(call) = self.run_sync_hidden(call, location) {
                left.push((call, location));
            }
        }
        self.results.report(self.event.id);
        if !left.is_empty() {
            detach(left, self.event.id);
        }
    }
}

impl Drop for Drain {
    #[inline]
    fn drop(&mut self) {
        let is_done = self.waiting.as_slice().is_empty() && self.current.is_none();
        if !is_done || !self.results.is_empty() {
            self.run_rest();
        }
    }
}

/// Has the calls awaited by somebody else, one after the other.
fn detach(calls: Vec<(AsyncCall, Registered)>, transaction: u64) {
    let calls = calls.into_iter();
    let mut rest = Rest { calls, transaction };
    executor::spawn(async move {
        let mut results = Results::default();
        for (mut call, location) in rest.calls.by_ref() {
            let lost = Lost {
                location,
                transaction,
            };
            let end = poll_fn(|context| poll_hidden(&mut call, context)).await;
            std::mem::forget(lost);
            results.add(location, end);
            results.add(location, drop_call(call));
            results.report(transaction);
        }
    });
}

/// Calls that somebody has to await. What is left when it is dropped is reported: there was no
/// runtime, or it was shut down.
struct Rest {
    calls: std::vec::IntoIter<(AsyncCall, Registered)>,
    transaction: u64,
}

impl Drop for Rest {
    fn drop(&mut self) {
        let transaction = self.transaction;
        for (_, location) in self.calls.by_ref() {
            drop(Lost {
                location,
                transaction,
            });
        }
    }
}

/// Reports a call as lost when it is dropped.
struct Lost {
    location: Registered,
    transaction: u64,
}

impl Drop for Lost {
    fn drop(&mut self) {
        let failure = HandlerFailure::lost(self.location);
        observer::handler_failed_unheard(&failure, self.transaction);
    }
}
