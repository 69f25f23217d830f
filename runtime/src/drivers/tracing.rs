//! `tracing`: a span per transaction, and an event per failure.
//!
//! ```
//! commit_on_success::add_observer(commit_on_success::drivers::tracing::Tracing::default());
//! ```

use std::collections::HashMap;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ::tracing::{Span, error, field, info_span, warn};

use crate::error::{BoxError, HandlerFailure};
use crate::event::Cause;
use crate::observer::{Event, Observer};
use crate::site::Site;

/// An [`Observer`] that speaks to `tracing`.
///
/// For each transaction, nested ones included, a span `transaction` with the fields `function`, `driver`,
/// `nesting`, `outcome` (`committed`, `released` of a nested one, `rolled back`, `unknown`) and `cause`. A nested one is a
/// child of the span of the block around it, another one of the span that is current when it begins; it is closed when the
/// transaction has ended, before deferred calls run. For each handler or deferred call that failed an event.
#[derive(Debug, Default)]
pub struct Tracing {
    spans: Mutex<HashMap<u64, Span>>,
}

impl Tracing {
    fn spans(&self) -> MutexGuard<'_, HashMap<u64, Span>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, event: &Event, outcome: &str) -> Option<Span> {
        let span = self.spans().remove(&event.id)?;
        span.record("outcome", outcome);
        span.record("deferred", event.deferred);
        Some(span)
    }
}

impl Observer for Tracing {
    fn begun(&self, event: &Event) {
        let parent = self.spans().get(&event.parent).cloned();
        let begin = || {
            info_span!(
                "transaction",
                function = event.site.function,
                module = event.site.module,
                driver = event.driver,
                nesting = event.nesting,
                deferred = field::Empty,
                outcome = field::Empty,
                cause = field::Empty,
            )
        };
        let span = match parent {
            Some(parent) => parent.in_scope(begin),
            None => begin(),
        };
        self.spans().insert(event.id, span);
    }

    fn committed(&self, event: &Event) {
        self.end(event, "committed");
    }

    fn released(&self, event: &Event) {
        self.end(event, "released");
    }

    fn rolled_back(&self, event: &Event, cause: Cause) {
        if let Some(span) = self.end(event, "rolled back") {
            span.record("cause", field::display(cause));
        }
    }

    fn unknown(&self, event: &Event) {
        self.end(event, "unknown");
    }

    fn handler_failed(&self, failure: &HandlerFailure) {
        let location = failure.location();
        error!(%location, error = %failure, "a deferred call failed");
    }

    fn rollback_failed(&self, site: &Site, error: &BoxError) {
        error!(%site, %error, "a rollback failed");
    }

    fn deferred_outside(&self, location: &'static Location<'static>) {
        warn!(%location, "a call was deferred outside of any transaction");
    }

    fn called_inside(&self, function: &'static str, transaction: &Site) {
        warn!(function, %transaction, "called inside a transaction");
    }
}
