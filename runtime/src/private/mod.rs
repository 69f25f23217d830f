//! The functions that generated code calls. Not part of the public interface: it changes with any release.

mod before;
mod deferred;
#[cfg(feature = "jobs")]
pub mod jobs;
mod options;

pub use std::any::type_name_of_val;
use std::future::Future;
use std::marker::PhantomData;
pub use std::mem::drop;
use std::num::NonZeroU32;
pub use std::{cfg, column, file, line, module_path};

pub use crate::forbidden::outside_transaction;

pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{self, Err, Ok};

pub use before::{RegistrationBefore, before_commit, before_commit_async};
pub use deferred::{
    Registration, TryRegistration, defer, defer_async, defer_async_keyed, defer_keyed, try_defer,
    try_defer_async, try_defer_async_keyed, try_defer_keyed,
};
pub use options::{Cloned, cloned, robust, robust_async};

pub use crate::attempts::Attempts;
use crate::attempts::Backoff;
pub use crate::configured::{setting, with, with_async};
use crate::error::Error;
pub use crate::handler_outcome::HandlerOutcome;
use crate::options::Options;
pub use crate::scope::{
    AnyLifetime, AsyncRunning, AsyncScope, Mistaken, Returned, Running, Scope, Static,
};
pub use crate::settings::Settings;
pub use crate::site::Site;
use crate::transaction::{AsyncBegin, Begin};

/// Begins the transaction of a sync function.
#[inline]
pub fn begin<S, D>(
    source: S,
    site: &'static Site,
    options: Options,
) -> Result<Scope<S::Transaction>, Error>
where
    S: Begin<D>,
{
    Scope::begin(source, site, options)
}

/// The source itself.
///
/// This is where a type that is none is reported. What it returns then has no type, as there is no transaction whose source it
/// would be, and so the future of its begin is not another error.
#[inline]
pub fn source<S: AsyncBegin<D>, D>(source: S) -> <S::Transaction as LedToBy<S>>::Source {
    source
}

/// A transaction that a source leads to.
pub trait LedToBy<S> {
    /// That source.
    type Source;
}

impl<T, S> LedToBy<S> for T {
    type Source = S;
}

/// Begins the transaction of an async function, in the place where it stays.
pub fn begin_async<'p, S, D>(
    source: S,
    place: &'p mut Option<AsyncScope<S::Transaction>>,
    site: &'static Site,
    options: Options,
) -> impl Future<Output = Result<&'p mut AsyncScope<S::Transaction>, Error>>
where
    S: AsyncBegin<D>,
{
    AsyncScope::begin(source, place, site, options)
}

/// The return type of a function that is a transaction.
///
/// The macros name nothing else about a return type, so that one that does not fit is one error.
#[diagnostic::on_unimplemented(
    message = "expected `Result<T, E>`, found `{Self}`",
    label = "expected `Result<T, E>`",
    note = "`Ok` commits the transaction, `Err` rolls it back"
)]
pub trait ReturnsResult: Sized {
    /// The function's value when the transaction could not be begun or committed.
    fn failed(error: Error) -> Self;
}

impl<T, E: FromError> ReturnsResult for Result<T, E> {
    fn failed(error: Error) -> Self {
        Self::Err(E::from_error(error))
    }
}

/// An error that can hold the one of a transaction.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the error of a transaction",
    label = "expected an error type that implements `From<commit_on_success::Error>`",
    note = "a transaction can fail to begin and to commit; a type of your own gets `impl From<commit_on_success::Error> for {Self}`, \
            or with `thiserror` a variant `Transaction(#[from] commit_on_success::Error)`",
    note = "for any other type, name a function from the one error to the other: `map_err = PATH`"
)]
pub trait FromError {
    /// Converts it.
    fn from_error(error: Error) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<Error>> FromError for E {
    fn from_error(error: Error) -> Self {
        error.into()
    }
}

/// The value of the function: the body's result, or that the transaction could not be begun or committed.
pub fn returns<R: ReturnsResult>(outcome: Result<R, Error>) -> R {
    outcome.unwrap_or_else(R::failed)
}

/// Does as [`returns`] where the error type is a parameter of the function, so that rustc advises on the bound that it has to have.
#[allow(
    clippy::missing_errors_doc,
    reason = "the error is that of the function"
)]
pub fn returns_generic<T, E: From<Error>>(outcome: Result<Result<T, E>, Error>) -> Result<T, E> {
    outcome.unwrap_or_else(|error| Err(error.into()))
}

/// Does as [`returns`] for `map_err = PATH`.
#[allow(
    clippy::missing_errors_doc,
    reason = "the error is that of the function"
)]
pub fn returns_mapped<T, E, F>(outcome: Result<Result<T, E>, Error>, map_err: F) -> Result<T, E>
where
    F: FnOnce(Error) -> E,
{
    outcome.unwrap_or_else(|error| Err(map_err(error)))
}

/// The value of a branch that is never taken, which gives an `async` block its type.
#[must_use]
pub fn never<R>() -> R {
    unreachable!("written behind `if false`")
}

/// The type that is expected of a block, for its body to be measured against.
#[derive(Debug)]
pub struct Expected<R>(PhantomData<fn() -> R>);

impl<R> Clone for Expected<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Expected<R> {}

impl<R> Expected<R> {
    /// A type that is still to be found out.
    #[allow(
        clippy::new_without_default,
        reason = "only generated code has a use for it"
    )]
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    /// The value of a branch that is never taken.
    #[must_use]
    pub fn value(self) -> R {
        never()
    }

    /// A closure that returns what is expected.
    #[inline]
    pub fn of<F: FnOnce() -> R>(self, body: F) -> F {
        body
    }
}

/// Borrows a `&mut` again when called as a method, where a function argument would move it.
pub trait Reborrow: Sized {
    /// The same, for as long as the call needs it.
    #[must_use]
    fn __reborrow(self) -> Self {
        self
    }
}

impl<T> Reborrow for T {}

/// The pauses between attempts where no `backoff` is given.
#[must_use]
pub fn default_backoff() -> Backoff {
    Backoff::default()
}

/// The number behind `attempts = N`.
///
/// # Panics
///
/// When it is zero, which the macros do not let through.
#[must_use]
pub const fn attempts(attempts: u32) -> NonZeroU32 {
    match NonZeroU32::new(attempts) {
        Some(attempts) => attempts,
        None => panic!("a body runs at least once"),
    }
}

/// A value that a body which may run again can be given more than once.
#[diagnostic::on_unimplemented(
    message = "`attempts` runs the body again, so `{Self}` has to be `Clone`",
    label = "each attempt needs one of its own",
    note = "take it by reference, or keep the transaction in a function that is only given what can be cloned"
)]
pub trait Repeatable {
    /// One for this attempt.
    #[must_use]
    fn again(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> Repeatable for T {
    fn again(&self) -> Self {
        self.clone()
    }
}

/// A parameter for one attempt.
pub fn again<T: Repeatable>(parameter: &T) -> T {
    parameter.again()
}
