//! A future that is another one and what follows from its output, without a state of its own.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    #[must_use = "futures do nothing unless you `.await` them"]
    pub(super) struct Then<F, G> {
        #[pin]
        future: F,
        // `None` once it has ended.
        follows: Option<G>,
    }
}

impl<F, G> Then<F, G> {
    #[inline]
    pub(super) fn new(future: F, follows: G) -> Self {
        let follows = Some(follows);
        Self { future, follows }
    }
}

impl<F: Future, G: FnOnce(F::Output) -> R, R> Future for Then<F, G> {
    type Output = R;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        let this = self.project();
        let follows = this.follows;
        this.future
            .poll(context)
            .map(|output| match follows.take() {
                Some(follows) => follows(output),
                None => unreachable!("a future that has ended is not polled again"),
            })
    }
}
