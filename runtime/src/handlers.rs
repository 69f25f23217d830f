//! Deferred calls: waiting in a queue, then running, one by one, whatever each of them does.

use std::any::Any;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::context::Hidden;
use crate::drivers::spawn;
use crate::error::{BoxError, HandlerFailure};
use crate::observer;

/// What a deferred call may return: `()`, or a `Result<(), E>` whose error is reported.
#[diagnostic::on_unimplemented(
    message = "a deferred call returns `()` or `Result<(), E>`, found `{Self}`",
    label = "nobody would look at this value",
    note = "to throw the value away, write a block: `defer! {{ f(a); }}`",
    note = "for an async call, write `defer!(f(a).await)`",
    note = "the error of a `Result<(), E>` must convert into `Box<dyn std::error::Error + Send + Sync>`"
)]
pub trait HandlerOutcome: sealed::Sealed {
    #[doc(hidden)]
    fn into_result(self) -> Result<(), BoxError>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl<E> Sealed for Result<(), E> {}
}

impl HandlerOutcome for () {
    fn into_result(self) -> Result<(), BoxError> {
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> HandlerOutcome for Result<(), E> {
    fn into_result(self) -> Result<(), BoxError> {
        self.map_err(Into::into)
    }
}

type SyncCall = Box<dyn FnOnce() -> Result<(), BoxError> + Send>;
type AsyncCall = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

enum Call {
    Sync(SyncCall),
    Async(AsyncCall),
}

/// A call that waits for the commit.
pub(crate) struct Deferred {
    call: Call,
    location: &'static Location<'static>,
}

impl Deferred {
    pub(crate) fn sync<F, R>(call: F, location: &'static Location<'static>) -> Self
    where
        F: FnOnce() -> R + Send + 'static,
        R: HandlerOutcome,
    {
        Self {
            call: Call::Sync(Box::new(move || call().into_result())),
            location,
        }
    }

    pub(crate) fn future<F>(call: F, location: &'static Location<'static>) -> Self
    where
        F: Future<Output: HandlerOutcome> + Send + 'static,
    {
        Self {
            call: Call::Async(Box::pin(async move { call.await.into_result() })),
            location,
        }
    }
}

impl fmt::Debug for Deferred {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Deferred({})", self.location)
    }
}

/// The calls that a block has deferred, in order. Nothing is allocated until the first one.
#[derive(Debug, Default)]
pub(crate) struct Queue(Vec<Deferred>);

impl Queue {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, deferred: Deferred) {
        self.0.push(deferred);
    }

    /// Takes over the calls of a nested block, behind its own.
    pub(crate) fn append(&mut self, mut nested: Self) {
        if self.0.is_empty() {
            *self = nested;
        } else {
            self.0.append(&mut nested.0);
        }
    }
}

type Payload = Box<dyn Any + Send>;
type Settled = Result<Result<(), BoxError>, Payload>;

/// What came of the calls that have run so far.
#[derive(Default)]
struct Results {
    failures: Vec<HandlerFailure>,
    panic: Option<Payload>,
}

impl Results {
    fn settle(&mut self, location: &'static Location<'static>, settled: Settled) {
        match settled {
            Ok(Ok(())) => {}
            Ok(Err(source)) => self.fail(HandlerFailure::Failed { location, source }),
            Err(payload) => {
                let message = message_of(&*payload);
                observer::handler_failed(&HandlerFailure::Panicked { location, message });
                self.panic.get_or_insert(payload);
            }
        }
    }

    fn fail(&mut self, failure: HandlerFailure) {
        observer::handler_failed(&failure);
        self.failures.push(failure);
    }

    /// The failures, unless a call panicked: then the panic goes on.
    fn finish(&mut self) -> Vec<HandlerFailure> {
        if let Some(payload) = self.panic.take() {
            std::panic::resume_unwind(payload);
        }
        std::mem::take(&mut self.failures)
    }
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|message| (*message).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a payload that is not a string".to_owned())
}

fn run_sync(call: SyncCall) -> Settled {
    catch_unwind(AssertUnwindSafe(move || {
        let _hidden = Hidden::new();
        call()
    }))
}

fn poll_async(call: &mut AsyncCall, context: &mut Context<'_>) -> Poll<Settled> {
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

/// Runs calls of a committed transaction. Dropping it runs the rest as far as that is possible
/// without waiting.
pub(crate) struct Drain {
    waiting: std::vec::IntoIter<Deferred>,
    /// The async call that is being awaited.
    current: Option<(AsyncCall, &'static Location<'static>)>,
    results: Results,
}

impl Drain {
    pub(crate) fn new(queue: Queue) -> Self {
        Self {
            waiting: queue.0.into_iter(),
            current: None,
            results: Results::default(),
        }
    }

    /// Runs the next call of a sync scope, and says where it was deferred.
    pub(crate) fn next_sync(&mut self) -> Option<&'static Location<'static>> {
        let Deferred { call, location } = self.waiting.next()?;
        match call {
            Call::Sync(call) => self.results.settle(location, run_sync(call)),
            // It dooms a sync scope when it is deferred there; this one came from a nested block of
            // an async function, which something blocked on.
            Call::Async(_) => self.fail(HandlerFailure::Lost { location }),
        }
        Some(location)
    }

    /// Runs the next call of an async scope, and says where it was deferred.
    pub(crate) async fn next(&mut self) -> Option<&'static Location<'static>> {
        let Deferred { call, location } = self.waiting.next()?;
        let settled = match call {
            Call::Sync(call) => run_sync(call),
            Call::Async(call) => {
                let (current, _) = self.current.insert((call, location));
                let settled = poll_fn(|context| poll_async(current, context)).await;
                self.drop_current();
                settled
            }
        };
        self.results.settle(location, settled);
        Some(location)
    }

    /// Captures are dropped where the call ran: outside of any transaction.
    fn drop_current(&mut self) {
        let _hidden = Hidden::new();
        self.current = None;
    }

    pub(crate) fn fail(&mut self, failure: HandlerFailure) {
        self.results.fail(failure);
    }

    /// What failed.
    ///
    /// # Panics
    ///
    /// With the payload of the first call that panicked.
    pub(crate) fn finish(&mut self) -> Vec<HandlerFailure> {
        self.results.finish()
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        let mut left: Vec<_> = self.current.take().into_iter().collect();
        for Deferred { call, location } in self.waiting.by_ref() {
            match call {
                Call::Sync(call) => self.results.settle(location, run_sync(call)),
                Call::Async(call) => left.push((call, location)),
            }
        }
        if !left.is_empty() {
            detach(left);
        }
    }
}

/// Has the calls awaited by somebody else, one after the other, or reports that they are lost.
fn detach(calls: Vec<(AsyncCall, &'static Location<'static>)>) {
    let locations: Vec<_> = calls.iter().map(|(_, location)| *location).collect();
    let rest = async move {
        let mut results = Results::default();
        for (mut call, location) in calls {
            let settled = poll_fn(|context| poll_async(&mut call, context)).await;
            results.settle(location, settled);
        }
    };
    if !spawn::spawn(rest) {
        for location in locations {
            observer::handler_failed(&HandlerFailure::Lost { location });
        }
    }
}
