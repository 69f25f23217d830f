//! The runtime that goes on with async calls when the future that awaited them is dropped.

use std::future::Future;

/// Hands a future to the current runtime, or drops it where there is none.
#[cfg(feature = "tokio")]
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(future);
    }
}

/// Hands a future to the current runtime, or drops it where there is none.
#[cfg(not(feature = "tokio"))]
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    drop(future);
}
