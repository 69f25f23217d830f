//! Code that runs for a block on another thread.

use std::thread;

use commit_on_success::{Error, TransactionHandle};

/// Runs code for a block on another thread, and waits for it.
///
/// # Errors
///
/// With the panic of the code, and inside with the error of a block that has ended.
pub fn elsewhere<R: Send>(
    handle: &TransactionHandle,
    code: impl FnOnce() -> R + Send,
) -> thread::Result<Result<R, Error>> {
    thread::scope(|scope| scope.spawn(|| handle.enter(code)).join())
}
