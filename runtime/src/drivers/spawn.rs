//! Who goes on with async calls when the future that awaited them is dropped.

use std::future::Future;

/// Hands a future to the current runtime, if there is one; says whether there was.
#[cfg(feature = "tokio")]
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> bool {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return false;
    };
    runtime.spawn(future);
    true
}

/// Hands a future to the current runtime, if there is one; says whether there was.
#[cfg(not(feature = "tokio"))]
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> bool {
    drop(future);
    false
}
