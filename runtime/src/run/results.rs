//! One call, run so that nothing it does stops the others, and the failures of all that have run.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::robust::Unheard;
use crate::context::Hidden;
use crate::error::{BoxError, HandlerFailure};
use crate::observer;
use crate::queue::{AsyncCall, CallResult};

pub(super) type Registered = &'static Location<'static>;
type Payload = Box<dyn Any + Send>;
pub(super) type CallEnd = Result<(), Broken>;

/// The failure of a call.
pub(super) enum Broken {
    Error(BoxError),
    Panic(Payload),
}

fn end_of(caught: Result<CallResult, Payload>) -> CallEnd {
    match caught {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Broken::Error(error)),
        Err(payload) => Err(Broken::Panic(payload)),
    }
}

#[inline]
pub(super) fn run(call: impl FnOnce() -> CallResult) -> CallEnd {
    end_of(catch_unwind(AssertUnwindSafe(call)))
}

/// Does as [`run`], outside of any transaction, where the caller has not seen to it.
pub(super) fn run_hidden(call: impl FnOnce() -> CallResult) -> CallEnd {
    let _hidden = Hidden::new();
    run(call)
}

#[inline]
pub(super) fn poll(
    call: Pin<&mut (impl Future<Output = CallResult> + ?Sized)>,
    context: &mut Context<'_>,
) -> Poll<CallEnd> {
    let polled = catch_unwind(AssertUnwindSafe(|| call.poll(context)));
    match polled {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(outcome)) => Poll::Ready(end_of(Ok(outcome))),
        Err(payload) => Poll::Ready(end_of(Err(payload))),
    }
}

pub(super) fn poll_hidden(call: &mut AsyncCall, context: &mut Context<'_>) -> Poll<CallEnd> {
    let _hidden = Hidden::new();
    poll(call.as_mut(), context)
}

/// Drops an async call that has finished: its destructor is user code as well, and may panic.
#[inline]
pub(super) fn drop_call(call: AsyncCall) -> CallEnd {
    run(move || {
        drop(call);
        Ok(())
    })
}

/// Drops the payload of a panic that does not go on. It may be a user's type, and panic in turn.
fn drop_payload(payload: Payload) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

fn panic_of(payload: &Payload, location: Registered) -> HandlerFailure {
    let message = payload
        .downcast_ref::<&str>()
        .map(|message| (*message).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a payload that is not a string".to_owned());
    HandlerFailure::panicked(location, message)
}

/// The failures of the calls that have run so far.
#[derive(Default)]
struct Failed {
    failures: Vec<HandlerFailure>,
    /// Those of robust calls.
    unheard: Vec<HandlerFailure>,
    panic: Option<Payload>,
}

/// The results of the calls that have run so far: nothing, mostly.
#[derive(Default)]
pub(super) struct Results(Option<Box<Failed>>);

impl Results {
    #[inline]
    pub(super) fn add(&mut self, location: Registered, end: CallEnd) {
        if let Err(broken) = end {
            self.note(location, broken);
        }
    }

    #[cold]
    fn note(&mut self, location: Registered, broken: Broken) {
        match broken {
            Broken::Error(error) => match error.downcast::<Unheard>() {
                Ok(unheard) => self.failed().unheard.extend(unheard.0),
                Err(error) => self.fail(HandlerFailure::failed(location, error)),
            },
            Broken::Panic(payload) => {
                self.fail(panic_of(&payload, location));
                match &mut self.failed().panic {
                    Some(_) => drop_payload(payload),
                    none => *none = Some(payload),
                }
            }
        }
    }

    pub(super) fn fail(&mut self, failure: HandlerFailure) {
        self.failed().failures.push(failure);
    }

    fn failed(&mut self) -> &mut Failed {
        self.0.get_or_insert_default()
    }

    /// Reports the failures to observers, where there is no caller to return them to.
    pub(super) fn report(&mut self, transaction: u64) {
        if let Some(failed) = self.0.take() {
            let Failed {
                failures,
                unheard,
                panic,
            } = *failed;
            for failure in failures.iter().chain(&unheard) {
                observer::handler_failed_unheard(failure, transaction);
            }
            panic.into_iter().for_each(drop_payload);
        }
    }

    /// The error of a call whose failures are for observers only.
    pub(super) fn unheard(&mut self) -> CallResult {
        let Some(failed) = self.0.take() else {
            return Ok(());
        };
        let Failed {
            mut failures,
            unheard,
            panic,
        } = *failed;
        panic.into_iter().for_each(drop_payload);
        failures.extend(unheard);
        Err(Unheard(failures).into())
    }

    /// The failures of all calls that have run.
    ///
    /// # Panics
    ///
    /// With the payload of the first call that panicked.
    pub(super) fn finish(&mut self, transaction: u64) -> Vec<HandlerFailure> {
        let Some(failed) = self.0.take() else {
            return Vec::new();
        };
        let Failed {
            failures,
            unheard,
            panic,
        } = *failed;
        for failure in &failures {
            observer::handler_failed(failure, transaction);
        }
        for failure in &unheard {
            observer::handler_failed_unheard(failure, transaction);
        }
        if let Some(payload) = panic {
            std::panic::resume_unwind(payload);
        }
        failures
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

/// Reports the failure of one call to observers, where there is no caller to return it to.
pub(super) fn report(location: Registered, end: CallEnd, transaction: u64) {
    let mut results = Results::default();
    results.add(location, end);
    results.report(transaction);
}
