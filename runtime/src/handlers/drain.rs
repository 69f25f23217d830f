//! Running what a transaction has queued, one by one, whatever each of them does.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::task::{Context, Poll};

use super::{AsyncCall, Call, Handler, Outcome, Queue};
use crate::context::Hidden;
use crate::drivers::spawn;
use crate::error::{BoxError, HandlerFailure};
use crate::observer;
use crate::signals::{Committed, RolledBack};

type Registered = &'static Location<'static>;
type Payload = Box<dyn Any + Send>;
type Settled = Result<Result<(), BoxError>, Payload>;

fn run(call: impl FnOnce() -> Outcome) -> Settled {
    catch_unwind(AssertUnwindSafe(move || {
        let _hidden = Hidden::new();
        call()
    }))
}

fn poll(call: &mut AsyncCall, context: &mut Context<'_>) -> Poll<Settled> {
    let polled = catch_unwind(AssertUnwindSafe(|| {
        let _hidden = Hidden::new();
        call.as_mut().poll(context)
    }));
    match polled {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(result)) => Poll::Ready(Ok(result)),
        Err(payload) => Poll::Ready(Err(payload)),
    }
}

fn failure_of(settled: Result<(), BoxError>, location: Registered) -> Option<HandlerFailure> {
    let source = settled.err()?;
    Some(HandlerFailure::Failed { location, source })
}

fn panic_of(payload: &Payload, location: Registered) -> HandlerFailure {
    let message = payload
        .downcast_ref::<&str>()
        .map(|message| (*message).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a payload that is not a string".to_owned());
    HandlerFailure::Panicked { location, message }
}

/// What came of the calls that have run so far.
#[derive(Default)]
struct Results {
    failures: Vec<HandlerFailure>,
    panic: Option<Payload>,
}

impl Results {
    fn settle(&mut self, location: Registered, settled: Settled) {
        match settled {
            Ok(result) => self.failures.extend(failure_of(result, location)),
            Err(payload) => {
                self.failures.push(panic_of(&payload, location));
                self.panic.get_or_insert(payload);
            }
        }
    }

    /// When there is nobody to return them to.
    fn report(&mut self) {
        for failure in self.failures.drain(..) {
            observer::handler_failed_unheard(&failure);
        }
    }
}

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
    pub(crate) fn new(queue: Queue, event: Committed) -> Self {
        Self {
            waiting: queue.0.into_iter(),
            current: None,
            event,
            results: Results::default(),
        }
    }

    /// Runs the next one of a sync scope, and says where it was registered.
    pub(crate) fn next_sync(&mut self) -> Option<Registered> {
        let Handler { call, location, .. } = self.waiting.next()?;
        // An async call dooms a sync scope when it is deferred there; this one came from a nested
        // block of an async function, which something blocked on.
        if let Some(_lost) = self.run_sync(call, location) {
            self.fail(HandlerFailure::Lost { location });
        }
        Some(location)
    }

    /// Runs the next one of an async scope, and says where it was registered.
    pub(crate) async fn next(&mut self) -> Option<Registered> {
        let Handler { call, location, .. } = self.waiting.next()?;
        if let Some(call) = self.run_sync(call, location) {
            let (current, _) = self.current.insert((call, location));
            let settled = poll_fn(|context| poll(current, context)).await;
            self.drop_current();
            self.results.settle(location, settled);
        }
        Some(location)
    }

    /// Hands an async call back.
    fn run_sync(&mut self, call: Call, location: Registered) -> Option<AsyncCall> {
        let settled = match call {
            Call::Sync(call) => run(call),
            Call::Commit(call, nesting) => {
                self.event.nesting = nesting;
                run(|| call(&self.event))
            }
            Call::Rollback(call) => run(move || {
                drop(call);
                Ok(())
            }),
            Call::Async(call) => return Some(call),
        };
        self.results.settle(location, settled);
        None
    }

    /// Captures are dropped where the call ran: outside of any transaction.
    fn drop_current(&mut self) {
        let _hidden = Hidden::new();
        self.current = None;
    }

    pub(crate) fn fail(&mut self, failure: HandlerFailure) {
        self.results.failures.push(failure);
    }

    /// What failed.
    ///
    /// # Panics
    ///
    /// With the payload of the first call that panicked.
    pub(crate) fn finish(&mut self) -> Vec<HandlerFailure> {
        let failures = std::mem::take(&mut self.results.failures);
        failures.iter().for_each(observer::handler_failed);
        if let Some(payload) = self.results.panic.take() {
            std::panic::resume_unwind(payload);
        }
        failures
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        let mut left: Vec<_> = self.current.take().into_iter().collect();
        while let Some(Handler { call, location, .. }) = self.waiting.next() {
            if let Some(call) = self.run_sync(call, location) {
                left.push((call, location));
            }
        }
        self.results.report();
        if !left.is_empty() {
            detach(left);
        }
    }
}

/// Has the calls awaited by somebody else, one after the other.
fn detach(calls: Vec<(AsyncCall, Registered)>) {
    let mut rest = Rest(calls.into_iter());
    spawn::spawn(async move {
        let mut results = Results::default();
        for (mut call, location) in rest.0.by_ref() {
            let lost = Lost(location);
            let settled = poll_fn(|context| poll(&mut call, context)).await;
            std::mem::forget(lost);
            results.settle(location, settled);
            results.report();
        }
    });
}

/// Calls that somebody has to await. What is left when it is dropped is reported: there was no
/// runtime, or it was shut down.
struct Rest(std::vec::IntoIter<(AsyncCall, Registered)>);

impl Drop for Rest {
    fn drop(&mut self) {
        for (_, location) in self.0.by_ref() {
            drop(Lost(location));
        }
    }
}

/// Reports a call as lost when it is dropped.
struct Lost(Registered);

impl Drop for Lost {
    fn drop(&mut self) {
        let location = self.0;
        observer::handler_failed_unheard(&HandlerFailure::Lost { location });
    }
}

/// Runs the handlers of a rollback, and drops the rest. Nobody can be told of a failure but the
/// observers, since the function returns an error already, or is not there any more.
pub(crate) fn roll_back(queue: Queue, event: &RolledBack) {
    for Handler { call, location, .. } in queue.0 {
        settle_unheard(
            location,
            run(move || match call {
                Call::Rollback(call) => call(event),
                dropped => {
                    drop(dropped);
                    Ok(())
                }
            }),
        );
    }
}

/// Drops what will never run, one by one: the destructors of captures are user code, and when two of
/// them panic in one drop the process aborts.
pub(crate) fn discard(queue: Queue) {
    for Handler { call, location, .. } in queue.0 {
        settle_unheard(
            location,
            run(move || {
                drop(call);
                Ok(())
            }),
        );
    }
}

fn settle_unheard(location: Registered, settled: Settled) {
    let failure = match settled {
        Ok(result) => failure_of(result, location),
        Err(payload) => Some(panic_of(&payload, location)),
    };
    if let Some(failure) = failure {
        observer::handler_failed_unheard(&failure);
    }
}
