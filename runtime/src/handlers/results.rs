//! Running a single call, and what came of it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::task::{Context, Poll};

use super::{AsyncCall, Outcome};
use crate::context::Hidden;
use crate::error::{BoxError, HandlerFailure};
use crate::observer;

pub(super) type Registered = &'static Location<'static>;
type Payload = Box<dyn Any + Send>;
pub(super) type Settled = Result<(), Broken>;

/// What a call that did not succeed leaves.
pub(super) enum Broken {
    Error(BoxError),
    Panic(Payload),
}

fn settled(caught: Result<Outcome, Payload>) -> Settled {
    match caught {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Broken::Error(error)),
        Err(payload) => Err(Broken::Panic(payload)),
    }
}

#[inline]
pub(super) fn run(call: impl FnOnce() -> Outcome) -> Settled {
    settled(catch_unwind(AssertUnwindSafe(call)))
}

/// Outside of any transaction, where the caller has not seen to it.
pub(super) fn run_hidden(call: impl FnOnce() -> Outcome) -> Settled {
    let _hidden = Hidden::new();
    run(call)
}

#[inline]
pub(super) fn poll(call: &mut AsyncCall, context: &mut Context<'_>) -> Poll<Settled> {
    let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)));
    match polled {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(outcome)) => Poll::Ready(settled(Ok(outcome))),
        Err(payload) => Poll::Ready(settled(Err(payload))),
    }
}

pub(super) fn poll_hidden(call: &mut AsyncCall, context: &mut Context<'_>) -> Poll<Settled> {
    let _hidden = Hidden::new();
    poll(call, context)
}

fn panic_of(payload: &Payload, location: Registered) -> HandlerFailure {
    let message = payload
        .downcast_ref::<&str>()
        .map(|message| (*message).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a payload that is not a string".to_owned());
    HandlerFailure::Panicked { location, message }
}

/// What failed of the calls that have run so far.
#[derive(Default)]
struct Failed {
    failures: Vec<HandlerFailure>,
    panic: Option<Payload>,
}

/// What came of the calls that have run so far: nothing, mostly.
#[derive(Default)]
pub(super) struct Results(Option<Box<Failed>>);

impl Results {
    #[inline]
    pub(super) fn settle(&mut self, location: Registered, settled: Settled) {
        if let Err(broken) = settled {
            self.note(location, broken);
        }
    }

    #[cold]
    fn note(&mut self, location: Registered, broken: Broken) {
        match broken {
            Broken::Error(source) => self.fail(HandlerFailure::Failed { location, source }),
            Broken::Panic(payload) => {
                self.fail(panic_of(&payload, location));
                self.failed().panic.get_or_insert(payload);
            }
        }
    }

    pub(super) fn fail(&mut self, failure: HandlerFailure) {
        self.failed().failures.push(failure);
    }

    fn failed(&mut self) -> &mut Failed {
        self.0.get_or_insert_default()
    }

    /// When there is nobody to return them to.
    pub(super) fn report(&mut self) {
        if let Some(failed) = self.0.take() {
            failed
                .failures
                .iter()
                .for_each(observer::handler_failed_unheard);
        }
    }

    /// What failed.
    ///
    /// # Panics
    ///
    /// With the payload of the first call that panicked.
    pub(super) fn finish(&mut self) -> Vec<HandlerFailure> {
        let Some(failed) = self.0.take() else {
            return Vec::new();
        };
        let Failed { failures, panic } = *failed;
        failures.iter().for_each(observer::handler_failed);
        if let Some(payload) = panic {
            std::panic::resume_unwind(payload);
        }
        failures
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}
