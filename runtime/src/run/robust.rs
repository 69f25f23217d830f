//! Calls whose failures are for observers only.

use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::pin;

use super::results::{self, Results};
use crate::error::HandlerFailure;
use crate::handler_outcome::HandlerOutcome;
use crate::queue::CallResult;

/// The failures of a call that are for observers only: it is told from others by this type, by whoever knows the
/// transaction.
#[derive(Debug, thiserror::Error)]
#[error("a robust call failed")]
pub(crate) struct Unheard(pub(crate) Vec<HandlerFailure>);

/// Runs a call, and has its failure reported to observers.
pub(crate) fn robust<R: HandlerOutcome>(
    call: impl FnOnce() -> R,
    location: &'static Location<'static>,
) -> CallResult {
    let mut results = Results::default();
    results.add(location, results::run(|| call().into_result()));
    results.unheard()
}

/// Does as [`robust`] with an async call, whose captures are dropped here as well.
pub(crate) async fn robust_async(
    call: impl Future<Output = CallResult>,
    location: &'static Location<'static>,
) -> CallResult {
    let mut call = pin!(Some(call));
    let end = poll_fn(|context| match call.as_mut().as_pin_mut() {
        Some(call) => results::poll(call, context),
        None => unreachable!("the call is dropped behind its end"),
    });
    let end = end.await;
    let mut results = Results::default();
    results.add(location, end);
    let dropped = results::run(|| {
        call.set(None);
        Ok(())
    });
    results.add(location, dropped);
    results.unheard()
}
