//! Steps that are written once, as futures, for sync and async drivers.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs steps of a sync driver, which has answered whenever it returns.
#[inline]
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing in it is waited for"),
    }
}
