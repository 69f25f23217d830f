//! The connection of a block that ends, which somebody else may still have.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_timer::Delay;

use super::slot::Slot;
use crate::error::{Error, Reason};
use crate::site::Site;
use crate::transaction::AsyncTransaction;

/// The time in which whoever has outlived the body has to give the connection back.
const PATIENCE: Duration = Duration::from_secs(1);

/// Stops waiting when it is dropped.
struct Ending<'s, T: AsyncTransaction>(&'s Slot<T>);

impl<T: AsyncTransaction> Drop for Ending<'_, T> {
    fn drop(&mut self) {
        self.0.stop_end();
    }
}

/// Waits for the connection at the end of a block that is ending.
pub(super) async fn take_back<T: AsyncTransaction>(slot: &Slot<T>) -> Result<Box<T>, Error> {
    let first = poll_fn(|context| Poll::Ready(slot.poll_end(context))).await;
    if let Poll::Ready(transaction) = first {
        return Ok(transaction);
    }
    let _ending = Ending(slot);
    let mut too_late = Delay::new(PATIENCE);
    poll_fn(|context| match slot.poll_end(context) {
        Poll::Pending => {
            let is_late = Pin::new(&mut too_late).poll(context);
            is_late.map(|()| Err(Reason::Busy(&Site::NOWHERE, slot.holder()).into()))
        }
        Poll::Ready(transaction) => Poll::Ready(Ok(transaction)),
    })
    .await
}
