//! The functions that `before_commit!` calls.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::deferred::{self, Registration};
use crate::context;
use crate::handler_outcome::HandlerOutcome;
use crate::outside;
use crate::queue::Handler;

/// Does with a sync call what `before_commit!` promises.
#[track_caller]
pub fn before_commit<F, R>(call: F)
where
    F: FnOnce() -> R + Send + 'static,
    R: HandlerOutcome,
{
    let location = Location::caller();
    if let Some(block) = context::innermost() {
        block.enqueue_before_commit(Handler::before(call, location));
    } else {
        outside::admit(location);
        outside::report(call(), location);
    }
}

/// Does with an async call what `before_commit!` promises.
#[track_caller]
pub fn before_commit_async<F>(call: F) -> RegistrationBefore
where
    F: Future<Output: HandlerOutcome> + Send + 'static,
{
    RegistrationBefore(deferred::defer_async(call))
}

/// An async call before the commit, which is registered when it is awaited.
#[must_use = "futures do nothing unless you `.await` them"]
pub struct RegistrationBefore(Registration);

impl Future for RegistrationBefore {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self(registration) = &mut *self;
        let Some(block) = registration.block() else {
            return registration.run(context);
        };
        let location = registration.location();
        if let Some(call) = registration.admit_to(block) {
            block.enqueue_before_commit(Handler::future_before(call, location));
        }
        Poll::Ready(())
    }
}
