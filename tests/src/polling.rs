//! Futures driven by hand, and dropped half-way.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Polls a future once.
pub fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls a future until it is ready, without waiting for anybody to wake it.
///
/// # Panics
///
/// When the future is still pending after a million polls.
pub fn complete<F: Future>(future: F) -> F::Output {
    match drop_after(future, 1_000_000) {
        Some(output) => output,
        None => panic!("the future makes no progress"),
    }
}

/// Polls a future so many times at most, and drops it where it then is.
pub fn drop_after<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return Some(output);
        }
    }
    None
}

/// Awaits a future on a runtime until it has been pending so many times, and drops it then; zero
/// drops it before its first poll.
pub async fn drop_at_pending<F: Future>(future: F, pendings: usize) -> Option<F::Output> {
    if pendings == 0 {
        return None;
    }
    let mut future = pin!(future);
    let mut seen = 0;
    poll_fn(|context| {
        let polled = future.as_mut().poll(context);
        seen += usize::from(polled.is_pending());
        match polled {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if seen == pendings => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Has a runtime of one thread run its tasks until they have ended, or wait for something.
pub async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Runs `cut` with 0, 1, 2, … until it says that nothing was left to cut off, and returns how many
/// times it did cut.
///
/// # Panics
///
/// When there is no end of it.
pub fn sweep(mut cut: impl FnMut(usize) -> Cut) -> usize {
    for point in 0..10_000 {
        if cut(point) == Cut::Completed {
            return point;
        }
    }
    panic!("the future never completes");
}

/// Whether a future was dropped half-way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cut {
    /// It was.
    Dropped,
    /// It had completed.
    Completed,
}

impl Cut {
    /// Of the output of a future, if there is one.
    #[must_use]
    pub fn of<T>(output: Option<&T>) -> Self {
        match output {
            Some(_) => Self::Completed,
            None => Self::Dropped,
        }
    }
}
