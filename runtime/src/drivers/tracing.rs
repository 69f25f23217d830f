//! `tracing`: a span per transaction, and an event per failure.
//!
//! ```
//! commit_on_success::add_observer(commit_on_success::drivers::tracing::Tracing::default());
//! ```

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ::tracing::{Span, error, field, info_span, warn};

use crate::observer::events::{
    CalledInside, DeferredOutside, HandlerFailed, LeftoverRolledBack, RollbackFailed, RolledBack,
    Step,
};
use crate::observer::{Event, Observer};

/// An [`Observer`] that speaks to `tracing`.
///
/// For each transaction, nested ones included, a span `transaction` with the fields `id`, `function`, `driver`,
/// `nesting`, `outcome` (`committed`, `released` of a nested one, `rolled back`, `unknown`) and `cause`. It is a
/// child of the span that is current when it begins, so that a nested one is inside of that of the block around it.
///
/// The span is entered while the body runs, and no longer than that: for each poll of an async one, and when its future is
/// dropped. So the queries and the events of the body are in it, those of another task on the same thread are not. It is closed when
/// the transaction has ended, before deferred calls run.
///
/// For each handler or deferred call that failed there is an event, with the `id` of its transaction in the field
/// `transaction`.
#[derive(Debug, Default)]
pub struct Tracing {
    spans: Mutex<HashMap<u64, Span>>,
}

impl Tracing {
    fn span(&self, id: u64) -> Option<Span> {
        self.spans().get(&id).cloned()
    }

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
        let span = info_span!(
            "transaction",
            id = event.id,
            function = event.site.function,
            module = event.site.module,
            driver = event.driver,
            nesting = event.nesting,
            deferred = field::Empty,
            outcome = field::Empty,
            cause = field::Empty,
        );
        self.spans().insert(event.id, span);
    }

    fn entered(&self, event: &Step) {
        if let Some(span) = self.span(event.id) {
            span.with_subscriber(|(id, subscriber)| subscriber.enter(id));
        }
    }

    fn left(&self, event: &Step) {
        if let Some(span) = self.span(event.id) {
            span.with_subscriber(|(id, subscriber)| subscriber.exit(id));
        }
    }

    fn committed(&self, event: &Event) {
        self.end(event, "committed");
    }

    fn released(&self, event: &Event) {
        self.end(event, "released");
    }

    fn rolled_back(&self, event: &RolledBack<'_>) {
        if let Some(span) = self.end(event.transaction, "rolled back") {
            span.record("cause", field::display(event.cause));
        }
    }

    fn unknown(&self, event: &Event) {
        self.end(event, "unknown");
    }

    fn handler_failed(&self, event: &HandlerFailed<'_>) {
        let (failure, location) = (event.failure, event.failure.location());
        error!(transaction = event.id, %location, error = %failure, "a deferred call failed");
    }

    fn rollback_failed(&self, event: &RollbackFailed<'_>) {
        let RollbackFailed { id, site, error } = event;
        error!(transaction = id, %site, %error, "a rollback failed");
    }

    fn leftover_rolled_back(&self, event: &LeftoverRolledBack) {
        let driver = event.driver;
        warn!(driver, "a transaction that was left open was rolled back");
    }

    fn deferred_outside(&self, event: &DeferredOutside) {
        let location = event.location;
        warn!(%location, "a call was deferred outside of any transaction");
    }

    fn called_inside(&self, event: &CalledInside) {
        let CalledInside { id, function, site } = event;
        warn!(transaction = id, function, %site, "called inside a transaction");
    }
}
