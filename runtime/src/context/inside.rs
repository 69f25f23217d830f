//! Futures that are somewhere while they are polled, and while they are dropped.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::entered::{Entered, Hidden};
use super::frame::Frame;

/// A place for code to run in.
pub(crate) trait Place {
    type Stay<'p>
    where
        Self: 'p;

    /// Code is in it until what is returned is dropped, or ends.
    fn enter(&mut self) -> Self::Stay<'_>;

    /// Ends a stay in which nothing has panicked.
    fn leave(stay: Self::Stay<'_>);
}

/// Inside of a block.
impl Place for &mut Frame {
    type Stay<'p>
        = Entered<'p>
    where
        Self: 'p;

    #[inline]
    fn enter(&mut self) -> Entered<'_> {
        Frame::enter(self)
    }

    #[inline]
    fn leave(mut entered: Entered<'_>) {
        entered.returned();
    }
}

/// Outside of any block.
pub(crate) struct Outside;

impl Place for Outside {
    type Stay<'p> = Hidden;

    fn enter(&mut self) -> Hidden {
        Hidden::new()
    }

    fn leave(hidden: Hidden) {
        drop(hidden);
    }
}

pin_project! {
    /// A future whose polls are in a place. Its drop is as well, so that the destructors of what it holds mean the same
    /// whether it ends or not.
    #[must_use = "futures do nothing unless you `.await` them"]
    pub(crate) struct Inside<P: Place, F> {
        place: P,
        #[pin]
        body: Option<F>,
    }

    impl<P: Place, F> PinnedDrop for Inside<P, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.body.is_some() {
                let stay = this.place.enter();
                this.body.set(None);
                P::leave(stay);
            }
        }
    }
}

impl<P: Place, F> Inside<P, F> {
    #[inline]
    pub(crate) fn new(place: P, body: F) -> Self {
        let body = Some(body);
        Self { place, body }
    }
}

impl<P: Place, F: Future> Future for Inside<P, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let stay = this.place.enter();
        let Some(body) = this.body.as_mut().as_pin_mut() else {
            unreachable!("a future that has ended is not polled again")
        };
        let polled = body.poll(context);
        if polled.is_ready() {
            this.body.set(None);
        }
        P::leave(stay);
        polled
    }
}
