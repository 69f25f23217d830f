//! The queue of a block: deferred calls and handlers of signals, in the order in which they were registered.

use std::fmt;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::pin::Pin;

use crate::error::BoxError;
use crate::event::{Committed, Completed, RolledBack};
use crate::handler_outcome::HandlerOutcome;
use crate::key::{self, Key};

/// The result of a call, whatever it returns.
pub(crate) type CallResult = Result<(), BoxError>;
pub(crate) type AsyncCall = Pin<Box<dyn Future<Output = CallResult> + Send>>;

pub(crate) enum Call {
    Sync(Box<dyn FnOnce() -> CallResult + Send>),
    Async(AsyncCall),
    Commit(Box<dyn FnOnce(&Committed) -> CallResult + Send>, usize),
    Rollback(Box<dyn FnOnce(&RolledBack) -> CallResult + Send>),
    Completed(Box<dyn FnOnce(&Completed) -> CallResult + Send>, usize),
    /// One of which only the last with the same key runs.
    Keyed(Box<(Key, Call)>),
    /// One in whose place another runs.
    Replaced(#[expect(dead_code, reason = "kept to be dropped in its turn")] Box<Call>),
}

impl Call {
    /// Takes the call, and leaves one that does nothing. A closure without captures is not allocated.
    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Sync(Box::new(|| Ok(()))))
    }
}

/// Something that waits for the end of a transaction.
pub(crate) struct Handler {
    pub(crate) call: Call,
    pub(crate) location: &'static Location<'static>,
    /// The receiver's identity, or zero where nobody can ask for it.
    id: u64,
}

impl Handler {
    fn new(call: Call, location: &'static Location<'static>) -> Self {
        Self {
            call,
            location,
            id: 0,
        }
    }

    pub(crate) fn sync<F, R>(call: F, location: &'static Location<'static>) -> Self
    where
        F: FnOnce() -> R + Send + 'static,
        R: HandlerOutcome,
    {
        let call = Box::new(move || call().into_result());
        Self::new(Call::Sync(call), location)
    }

    pub(crate) fn future(call: AsyncCall, location: &'static Location<'static>) -> Self {
        Self::new(Call::Async(call), location)
    }

    pub(crate) fn commit<F, R>(
        handler: F,
        nesting: usize,
        location: &'static Location<'static>,
    ) -> Self
    where
        F: FnOnce(&Committed) -> R + Send + 'static,
        R: HandlerOutcome,
    {
        let call = Box::new(move |event: &Committed| handler(event).into_result());
        Self::new(Call::Commit(call, nesting), location)
    }

    pub(crate) fn rollback<F, R>(handler: F, location: &'static Location<'static>) -> Self
    where
        F: FnOnce(&RolledBack) -> R + Send + 'static,
        R: HandlerOutcome,
    {
        let call = Box::new(move |event: &RolledBack| handler(event).into_result());
        Self::new(Call::Rollback(call), location)
    }

    pub(crate) fn completed<F, R>(
        handler: F,
        nesting: usize,
        location: &'static Location<'static>,
    ) -> Self
    where
        F: FnOnce(&Completed) -> R + Send + 'static,
        R: HandlerOutcome,
    {
        let call = Box::new(move |event: &Completed| handler(event).into_result());
        Self::new(Call::Completed(call, nesting), location)
    }

    pub(crate) fn with_key(self, key: Key) -> Self {
        let call = Call::Keyed(Box::new((key, self.call)));
        Self { call, ..self }
    }

    /// Takes the key off, if there is one.
    pub(crate) fn take_key(&mut self) -> Option<Key> {
        let Call::Keyed(_) = self.call else {
            return None;
        };
        let Call::Keyed(keyed) = self.call.take() else {
            return None;
        };
        let (key, call) = *keyed;
        self.call = call;
        Some(key)
    }

    /// Leaves nothing of the call but its drop.
    pub(crate) fn replace(&mut self) {
        self.call = Call::Replaced(Box::new(self.call.take()));
    }

    pub(crate) fn with_id(self, id: u64) -> Self {
        Self { id, ..self }
    }

    /// A handler that knows its event is a call like any other.
    fn with_event(self, event: &Committed) -> Self {
        let call = match self.call {
            Call::Commit(call, nesting) => {
                let event = Committed {
                    nesting,
                    ..event.clone()
                };
                Call::Sync(Box::new(move || call(&event)))
            }
            Call::Completed(call, nesting) => {
                let event = event.completed(nesting);
                Call::Sync(Box::new(move || call(&event)))
            }
            other => other,
        };
        Self { call, ..self }
    }

    fn waits_for_commit(&self) -> bool {
        match self.call {
            Call::Sync(_)
            | Call::Async(_)
            | Call::Commit(..)
            | Call::Completed(..)
            | Call::Keyed(_) => true,
            Call::Rollback(_) | Call::Replaced(_) => false,
        }
    }

    fn is_deferred(&self) -> bool {
        match self.call {
            Call::Sync(_) | Call::Async(_) | Call::Keyed(_) => true,
            Call::Commit(..) | Call::Rollback(_) | Call::Completed(..) | Call::Replaced(_) => false,
        }
    }

    /// Whether it is a call like most, which runs at its place whatever the others are.
    fn is_plain(&self) -> bool {
        matches!(self.call, Call::Sync(_) | Call::Async(_))
    }

    /// Whether it runs after all others.
    fn is_last(&self) -> bool {
        matches!(self.call, Call::Completed(..))
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Handler({})", self.location)
    }
}

/// The calls and handlers of a block, in order. Nothing is allocated until the first one.
#[derive(Debug, Default)]
pub(crate) struct Queue(ManuallyDrop<Vec<Handler>>);

/// Out of line: most queues are empty, and every annotated function drops one.
impl Drop for Queue {
    #[inline]
    fn drop(&mut self) {
        if self.0.capacity() > 0 {
            self.release();
        }
    }
}

impl Queue {
    pub(crate) const fn new() -> Self {
        Self(ManuallyDrop::new(Vec::new()))
    }

    #[cold]
    fn release(&mut self) {
        drop(self.take());
    }

    pub(crate) fn take(&mut self) -> Vec<Handler> {
        std::mem::take(&mut *self.0)
    }

    /// Keeps those that run after all others, and returns these.
    pub(crate) fn keep_last(&mut self) -> Self {
        let (last, others) = self.take().into_iter().partition(Handler::is_last);
        *self.0 = last;
        Self(ManuallyDrop::new(others))
    }

    /// Takes them as they run, with the number of deferred calls among them: of those with a key the last, and those of every
    /// end behind all others.
    #[inline]
    pub(crate) fn take_in_order(&mut self) -> (Vec<Handler>, usize) {
        let mut handlers = self.take();
        let plain = handlers.iter().filter(|handler| handler.is_plain()).count();
        if plain == handlers.len() {
            return (handlers, plain);
        }
        let deferred = put_in_order(&mut handlers);
        (handlers, deferred)
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, handler: Handler) {
        self.0.push(handler);
    }

    /// Takes over the queue of a nested block, behind its own.
    pub(crate) fn append(&mut self, mut nested: Self) {
        if self.0.is_empty() {
            *self = nested;
        } else {
            self.0.append(&mut nested.0);
        }
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<Handler> {
        let index = self.0.iter().position(|handler| handler.id == id)?;
        Some(self.0.remove(index))
    }

    /// The calls and handlers that waited for a commit, each with its event, without the rest.
    pub(crate) fn committed(handlers: Vec<Handler>, event: &Committed) -> Self {
        let waiting = handlers.into_iter().filter(Handler::waits_for_commit);
        let calls = waiting.map(|handler| handler.with_event(event)).collect();
        Self(ManuallyDrop::new(calls))
    }

    #[cfg_attr(
        not(feature = "testing"),
        allow(dead_code, reason = "only test support asks")
    )]
    pub(crate) fn locations(&self) -> Vec<&'static Location<'static>> {
        self.0.iter().map(|handler| handler.location).collect()
    }

    /// Counts the deferred calls, handlers of signals left out.
    pub(crate) fn deferred(&self) -> usize {
        deferred(&self.0)
    }

    /// Counts the calls and handlers that would run at a commit.
    pub(crate) fn waiting_for_commit(&self) -> usize {
        let waiting = self.0.iter().filter(|handler| handler.waits_for_commit());
        waiting.count()
    }
}

fn deferred(handlers: &[Handler]) -> usize {
    let deferred = handlers.iter().filter(|handler| handler.is_deferred());
    deferred.count()
}

#[cold]
fn put_in_order(handlers: &mut [Handler]) -> usize {
    let deferred = deferred(handlers);
    key::merge(handlers);
    handlers.sort_by_key(Handler::is_last);
    deferred
}
