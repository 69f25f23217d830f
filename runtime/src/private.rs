//! The functions that generated code calls. Not part of the public interface: it changes with any release.

pub use std::any::type_name_of_val;
use std::future::Future;
use std::marker::PhantomData;
pub use std::mem::drop;
use std::num::NonZeroU32;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
pub use std::{cfg, column, file, line, module_path};

use pin_project_lite::pin_project;

pub use crate::forbidden::outside_transaction;

pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{self, Err, Ok};

pub use crate::attempts::Attempts;
use crate::attempts::Backoff;
use crate::context::{self, Kind, OpenBlock};
use crate::error::{BoxError, Error, NotInTransaction, RollbackOnly};
use crate::options::Options;
use crate::outside;
pub use crate::queue::HandlerOutcome;
use crate::queue::{AsyncCall, Handler};
use crate::run;
pub use crate::scope::{
    AnyLifetime, AsyncRunning, AsyncScope, Mistaken, Returned, Running, Scope, Static,
};
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

/// Begins the transaction of an async function.
pub fn begin_async<S, D>(
    source: S,
    site: &'static Site,
    options: Options,
) -> impl Future<Output = Result<AsyncScope<S::Transaction>, Error>>
where
    S: AsyncBegin<D>,
{
    AsyncScope::begin(source, site, options)
}

/// Does with a sync call what `defer!` promises.
#[track_caller]
pub fn defer<F, R>(call: F)
where
    F: FnOnce() -> R + Send + 'static,
    R: HandlerOutcome,
{
    let location = Location::caller();
    if let Some(block) = context::innermost() {
        block.enqueue(Handler::sync(call, location));
    } else {
        outside::admit(location);
        outside::report(call(), location);
    }
}

/// Does with a sync call what `try_defer!` promises.
///
/// # Errors
///
/// When no transaction is open; the call is dropped then.
#[track_caller]
pub fn try_defer<F, R>(call: F) -> Result<(), NotInTransaction>
where
    F: FnOnce() -> R + Send + 'static,
    R: HandlerOutcome,
{
    let block = context::innermost().ok_or(NotInTransaction)?;
    block.enqueue(Handler::sync(call, Location::caller()));
    Ok(())
}

/// Does with an async call what `defer!` promises.
///
/// What it returns says nothing of the call's type, so that a call that does not fit is reported once.
#[track_caller]
pub fn defer_async<F>(call: F) -> Registration
where
    F: Future<Output: HandlerOutcome> + Send + 'static,
{
    Registration {
        call: Some(boxed(call)),
        admitted: false,
        location: Location::caller(),
    }
}

/// A deferred async call, which is registered when it is awaited.
#[must_use = "futures do nothing unless you `.await` them"]
pub struct Registration {
    call: Option<AsyncCall>,
    /// There is no transaction, and the call runs here.
    admitted: bool,
    location: &'static Location<'static>,
}

impl Future for Registration {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if !self.admitted
            && let Some(block) = context::innermost()
        {
            enqueue_async(block, self.call.take(), self.location);
            return Poll::Ready(());
        }
        self.run(context)
    }
}

impl Registration {
    /// Outside of any transaction.
    #[cold]
    fn run(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.admitted {
            outside::admit(self.location);
            self.admitted = true;
        }
        if let Some(call) = &mut self.call {
            let outcome = std::task::ready!(call.as_mut().poll(context));
            self.call = None;
            outside::report(outcome, self.location);
        }
        Poll::Ready(())
    }
}

/// Does with an async call what `try_defer!` promises.
///
/// # Errors
///
/// When no transaction is open; the call is dropped then.
#[track_caller]
pub fn try_defer_async<F>(call: F) -> TryRegistration
where
    F: Future<Output: HandlerOutcome> + Send + 'static,
{
    TryRegistration {
        call: Some(boxed(call)),
        location: Location::caller(),
    }
}

/// A [`Registration`] in a transaction, or none at all.
#[must_use = "futures do nothing unless you `.await` them"]
pub struct TryRegistration {
    call: Option<AsyncCall>,
    location: &'static Location<'static>,
}

impl Future for TryRegistration {
    type Output = Result<(), NotInTransaction>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let call = self.call.take();
        let Some(block) = context::innermost() else {
            return Poll::Ready(Err(NotInTransaction));
        };
        enqueue_async(block, call, self.location);
        Poll::Ready(Ok(()))
    }
}

fn boxed<F>(call: F) -> AsyncCall
where
    F: Future<Output: HandlerOutcome> + Send + 'static,
{
    Box::pin(Settling { call })
}

pin_project! {
    /// The future of `async { call.await.into_result() }`, which would keep room for the call twice.
    struct Settling<F> {
        #[pin]
        call: F,
    }
}

impl<F: Future<Output: HandlerOutcome>> Future for Settling<F> {
    type Output = Result<(), BoxError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.project()
            .call
            .poll(context)
            .map(HandlerOutcome::into_result)
    }
}

/// A sync scope has nobody to await the call: rather than to lose it, the scope does not commit.
#[inline]
fn enqueue_async(block: OpenBlock, call: Option<AsyncCall>, location: &'static Location<'static>) {
    match call {
        Some(call) if block.kind() == Kind::Async => block.enqueue(Handler::future(call, location)),
        Some(_lost) => doom(block, location),
        None => {}
    }
}

#[cold]
fn doom(block: OpenBlock, location: &'static Location<'static>) {
    block.change(|pending| pending.doom(RollbackOnly::AsyncCall(location)));
}

/// A call whose failure no function returns: it goes to the observers, and a panic ends here.
#[track_caller]
pub fn robust<F, R>(call: F) -> impl FnOnce() + Send + 'static
where
    F: FnOnce() -> R + Send + 'static,
    R: HandlerOutcome,
{
    let location = Location::caller();
    move || run::robust(call, location)
}

/// Does as [`robust`] with an async call.
#[track_caller]
pub fn robust_async<F>(call: F) -> impl Future<Output = ()> + Send + 'static
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

    /// Says that there is no value yet, so that the branch which would have it is never taken.
    #[inline]
    #[must_use]
    pub const fn is_there(self) -> bool {
        false
    }

    /// The value of a branch that is never taken.
    #[must_use]
    pub fn value(self) -> R {
        unreachable!("written where nothing is there")
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
