//! Calls whose failures are for observers only.

use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::pin;

use super::results::{self, Results};
use crate::queue::{CallResult, HandlerOutcome};

/// Runs a call, and reports its failure to observers.
pub(crate) fn robust<R: HandlerOutcome>(
    call: impl FnOnce() -> R,
    location: &'static Location<'static>,
) {
    results::report(location, results::run(|| call().into_result()));
}

/// Does as [`robust`] with an async call, whose captures are dropped here as well.
pub(crate) async fn robust_async(
    call: impl Future<Output = CallResult>,
    location: &'static Location<'static>,
) {
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
    results.report();
}
