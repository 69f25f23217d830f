//! The functions that the options before the arrow of `defer!` call.

use std::future::Future;
use std::panic::Location;

use super::deferred::Settling;
use crate::error::BoxError;
use crate::handler_outcome::HandlerOutcome;
use crate::run;

/// A call whose failure no function returns: it goes to the observers, and a panic ends here.
#[track_caller]
pub fn robust<F, R>(call: F) -> impl FnOnce() -> Result<(), BoxError> + Send + 'static
where
    F: FnOnce() -> R + Send + 'static,
    R: HandlerOutcome,
{
    let location = Location::caller();
    move || run::robust(call, location)
}

/// Does as [`robust`] with an async call.
#[track_caller]
pub fn robust_async<F>(call: F) -> impl Future<Output = Result<(), BoxError>> + Send + 'static
where
    F: Future<Output: HandlerOutcome> + Send + 'static,
{
    run::robust_async(Settling { call }, Location::caller())
}

/// A value that a deferred call can have a clone of.
#[diagnostic::on_unimplemented(
    message = "`clone` needs a value that is `Clone`, found `{Self}`",
    label = "there is no clone of this for the deferred call"
)]
pub trait Cloned {
    /// A clone for the call.
    #[must_use]
    fn cloned(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> Cloned for T {
    fn cloned(&self) -> Self {
        self.clone()
    }
}

/// A clone for a deferred call.
pub fn cloned<T: Cloned>(value: &T) -> T {
    value.cloned()
}
