//! The functions that `defer!` and `try_defer!` call.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::context::{self, Kind, OpenBlock};
use crate::error::{BoxError, Error, Reason, RollbackOnly, accepted};
use crate::handler_outcome::HandlerOutcome;
use crate::key::{CallKey, Key};
use crate::outside;
use crate::queue::{AsyncCall, Handler};

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

/// Does as [`defer`] with a call that the next one with an equal key replaces.
#[track_caller]
pub fn defer_keyed<K, F, R>(key: K, call: F)
where
    K: CallKey,
    F: FnOnce() -> R + Send + 'static,
    R: HandlerOutcome,
{
    let location = Location::caller();
    if let Some(block) = context::innermost() {
        block.enqueue(Handler::sync(call, location).with_key(Key::new(key)));
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
pub fn try_defer<F, R>(call: F) -> Result<(), Error>
where
    F: FnOnce() -> R + Send + 'static,
    R: HandlerOutcome,
{
    let block = context::innermost().ok_or(Reason::NotInTransaction)?;
    accepted(block.try_enqueue(Handler::sync(call, Location::caller())))
}

/// Does as [`try_defer`] with a call that the next one with an equal key replaces.
///
/// # Errors
///
/// When no transaction is open; the call is dropped then.
#[track_caller]
pub fn try_defer_keyed<K, F, R>(key: K, call: F) -> Result<(), Error>
where
    K: CallKey,
    F: FnOnce() -> R + Send + 'static,
    R: HandlerOutcome,
{
    let block = context::innermost().ok_or(Reason::NotInTransaction)?;
    accepted(block.try_enqueue(Handler::sync(call, Location::caller()).with_key(Key::new(key))))
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
        key: None::<Unkeyed>,
        admitted: false,
        location: Location::caller(),
    }
}

/// Does as [`defer_async`] with a call that the next one with an equal key replaces.
#[track_caller]
pub fn defer_async_keyed<K, F>(key: K, call: F) -> Registration<Key>
where
    K: CallKey,
    F: Future<Output: HandlerOutcome> + Send + 'static,
{
    Registration {
        call: Some(boxed(call)),
        key: Some(Key::new(key)),
        admitted: false,
        location: Location::caller(),
    }
}

/// The key of a call without one: there is no value of it.
#[derive(Debug)]
pub enum Unkeyed {}

impl From<Unkeyed> for Key {
    fn from(none: Unkeyed) -> Self {
        match none {}
    }
}

/// A deferred async call, which is registered when it is awaited.
#[must_use = "futures do nothing unless you `.await` them"]
pub struct Registration<K = Unkeyed> {
    call: Option<AsyncCall>,
    key: Option<K>,
    /// There is no transaction, and the call runs here.
    admitted: bool,
    location: &'static Location<'static>,
}

// Nothing in it is pinned.
impl<K> Unpin for Registration<K> {}

impl<K: Into<Key>> Future for Registration<K> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(block) = self.block() else {
            return self.run(context);
        };
        let (call, key) = (self.call.take(), self.key.take());
        if let Some(handler) = async_handler(block, call, key, self.location) {
            block.enqueue(handler);
        }
        Poll::Ready(())
    }
}

impl Registration {
    /// The call, if it can be awaited in that block.
    pub(super) fn admit_to(&mut self, block: OpenBlock) -> Option<AsyncCall> {
        let call = self.call.take()?;
        admit(block, self.location).then_some(call)
    }

    pub(super) fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

impl<K> Registration<K> {
    /// The block to register it in, unless there is none and it has begun to run.
    #[inline]
    pub(super) fn block(&self) -> Option<OpenBlock> {
        if self.admitted {
            return None;
        }
        context::innermost()
    }

    /// Outside of any transaction.
    #[cold]
    pub(super) fn run(&mut self, context: &mut Context<'_>) -> Poll<()> {
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
        key: None::<Unkeyed>,
        location: Location::caller(),
    }
}

/// Does as [`try_defer_async`] with a call that the next one with an equal key replaces.
///
/// # Errors
///
/// When no transaction is open; the call is dropped then.
#[track_caller]
pub fn try_defer_async_keyed<K, F>(key: K, call: F) -> TryRegistration<Key>
where
    K: CallKey,
    F: Future<Output: HandlerOutcome> + Send + 'static,
{
    TryRegistration {
        call: Some(boxed(call)),
        key: Some(Key::new(key)),
        location: Location::caller(),
    }
}

/// A [`Registration`] in a transaction, or none at all.
#[must_use = "futures do nothing unless you `.await` them"]
pub struct TryRegistration<K = Unkeyed> {
    call: Option<AsyncCall>,
    key: Option<K>,
    location: &'static Location<'static>,
}

// Nothing in it is pinned.
impl<K> Unpin for TryRegistration<K> {}

impl<K: Into<Key>> Future for TryRegistration<K> {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let (call, key) = (self.call.take(), self.key.take());
        let Some(block) = context::innermost() else {
            return Poll::Ready(Err(Reason::NotInTransaction.into()));
        };
        let handler = async_handler(block, call, key, self.location);
        let taken = handler.is_none_or(|handler| block.try_enqueue(handler));
        Poll::Ready(accepted(taken))
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
    pub(super) struct Settling<F> {
        #[pin]
        pub(super) call: F,
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

/// What is to be queued, if the call can be awaited in that block.
#[inline]
fn async_handler(
    block: OpenBlock,
    call: Option<AsyncCall>,
    key: Option<impl Into<Key>>,
    location: &'static Location<'static>,
) -> Option<Handler> {
    let call = call.filter(|_| admit(block, location))?;
    let handler = Handler::future(call, location);
    Some(match key {
        Some(key) => handler.with_key(key.into()),
        None => handler,
    })
}

/// Whether somebody will await the calls of a block. A sync scope does not: rather than to lose one, it does not commit.
#[inline]
fn admit(block: OpenBlock, location: &'static Location<'static>) -> bool {
    let awaits = block.kind() == Kind::Async;
    if !awaits {
        doom(block, location);
    }
    awaits
}

#[cold]
fn doom(block: OpenBlock, location: &'static Location<'static>) {
    block.change(|pending| pending.doom(RollbackOnly::AsyncCall { location }));
}
