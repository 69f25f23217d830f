//! The half of a scope that the body runs in, while the other half lends it the connection.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::returned::{AnyLifetime, Returned, Static};
use crate::context::{Frame, Inside};

/// The half of a scope that the body runs in.
#[must_use]
pub struct Running<'s> {
    pub(super) frame: &'s mut Frame,
}

impl Running<'_> {
    /// Runs the body with the transaction in place for what it defers.
    #[inline]
    pub fn run<R>(self, body: impl FnOnce() -> R) -> Returned<R, Static> {
        let mut entered = self.frame.enter();
        let value = body();
        entered.returned();
        Returned::new(value)
    }

    /// Runs a body whose error may borrow something, as [`run`](Self::run) does others.
    #[inline]
    pub fn run_any_lifetime<R>(self, body: impl FnOnce() -> R) -> Returned<R, AnyLifetime> {
        let mut entered = self.frame.enter();
        let value = body();
        entered.returned();
        Returned::new(value)
    }
}

/// The half of an async scope that the body runs in.
#[must_use]
pub struct AsyncRunning<'s> {
    pub(super) frame: &'s mut Frame,
}

impl<'s> AsyncRunning<'s> {
    /// Runs the body with the transaction in place for what it defers.
    pub fn run<F: Future>(self, body: F) -> Run<'s, F, Static> {
        self.with_lifetime(body)
    }

    /// Runs a body whose error may borrow something, as [`run`](Self::run) does others.
    pub fn run_any_lifetime<F: Future>(self, body: F) -> Run<'s, F, AnyLifetime> {
        self.with_lifetime(body)
    }

    fn with_lifetime<F, L>(self, body: F) -> Run<'s, F, L> {
        Run {
            body: Inside::new(self.frame, body),
            lifetime: PhantomData,
        }
    }
}

pin_project! {
    /// A body whose frame is in place for each of its polls, and when it is dropped.
    #[must_use = "futures do nothing unless you `.await` them"]
    pub struct Run<'s, F, L> {
        #[pin]
        body: Inside<&'s mut Frame, F>,
        lifetime: PhantomData<L>,
    }
}

impl<F: Future, L> Future for Run<'_, F, L> {
    type Output = Returned<F::Output, L>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().body.poll(context).map(Returned::new)
    }
}
