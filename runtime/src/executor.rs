//! The runtime that polls a body: which of its tasks is running, and how to hand it another one.
//!
//! Without the feature `tokio` nothing is known, and nothing is paid for.

use std::future::Future;

pub(crate) use runtime::Task;

/// Whether a future can be handed to a runtime here.
pub(crate) fn is_there() -> bool {
    runtime::is_there()
}

/// Hands a future to the current runtime, with the span that is current here, or drops it where there is no runtime.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    runtime::spawn(span::current(future));
}

#[cfg(feature = "tokio")]
mod runtime {
    use std::future::Future;

    /// The task that is running, if a runtime of tokio polls one. Code that `block_on` runs belongs to the task, or to
    /// none, that has called it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Task(Option<tokio::task::Id>);

    impl Task {
        pub(crate) const NONE: Self = Self(None);

        #[inline]
        pub(crate) fn current() -> Self {
            Self(tokio::task::try_id())
        }
    }

    pub(super) fn is_there() -> bool {
        tokio::runtime::Handle::try_current().is_ok()
    }

    pub(super) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(future);
        }
    }
}

#[cfg(not(feature = "tokio"))]
mod runtime {
    use std::future::Future;

    /// Tasks cannot be told apart.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Task;

    impl Task {
        pub(crate) const NONE: Self = Self;

        #[inline]
        pub(crate) fn current() -> Self {
            Self
        }
    }

    pub(super) fn is_there() -> bool {
        false
    }

    pub(super) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        drop(future);
    }
}

#[cfg(feature = "tracing")]
mod span {
    use std::future::{Future, poll_fn};
    use std::pin::Pin;

    /// The future, in the span that is current now.
    pub(super) fn current(
        future: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let span = tracing::Span::current();
        let mut future: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(future);
        poll_fn(move |context| span.in_scope(|| future.as_mut().poll(context)))
    }
}

#[cfg(not(feature = "tracing"))]
mod span {
    use std::future::Future;

    pub(super) fn current(
        future: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        future
    }
}
