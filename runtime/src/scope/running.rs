//! The half of a scope that the body runs in, while the other half lends it the connection.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::context::Frame;

/// The half of a scope that the body runs in.
#[must_use]
pub struct Running<'s> {
    pub(super) frame: &'s mut Frame,
}

impl Running<'_> {
    /// Runs the body with the transaction in place for what it defers.
    pub fn run<R>(self, body: impl FnOnce() -> R) -> R {
        self.frame.during(body)
    }
}

/// The half of an async scope that the body runs in.
#[must_use]
pub struct AsyncRunning<'s> {
    pub(super) frame: &'s mut Frame,
}

impl<'s> AsyncRunning<'s> {
    /// Runs the body with the transaction in place for what it defers.
    pub fn run<F: Future>(self, body: F) -> Run<'s, F> {
        Run {
            frame: self.frame,
            body,
        }
    }
}

pin_project! {
    /// A body whose frame is in place for each of its polls.
    #[must_use = "futures do nothing unless you `.await` them"]
    pub struct Run<'s, F> {
        frame: &'s mut Frame,
        #[pin]
        body: F,
    }
}

impl<F: Future> Future for Run<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.frame.during(|| this.body.poll(context))
    }
}
