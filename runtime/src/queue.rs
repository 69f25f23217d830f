//! The queue of a block: deferred calls and handlers of signals, in the order in which they were registered.

mod handler;
mod mailbox;
mod pending;

use std::mem::ManuallyDrop;
use std::panic::Location;
use std::sync::Arc;

pub(crate) use handler::{AsyncCall, Before, Call, CallResult, Handler};

pub(crate) use mailbox::Mailbox;
pub(crate) use pending::{MustRollBack, Pending};

use crate::event::Committed;
use crate::key;

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

    /// Takes those that run before the commit.
    pub(crate) fn take_before(&mut self) -> Vec<Handler> {
        if !self.0.iter().any(Handler::is_before) {
            return Vec::new();
        }
        let (before, others) = self.take().into_iter().partition(Handler::is_before);
        *self.0 = others;
        before
    }

    /// Puts back what was taken, behind the others.
    pub(crate) fn put_back(&mut self, handlers: impl Iterator<Item = Handler>) {
        self.0.extend(handlers);
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

    /// Notes that a job is about to be stored beside another one, as those of handles can be.
    #[cfg(feature = "jobs")]
    fn await_job(&mut self, location: &'static Location<'static>) {
        self.0.push(Handler::new(Call::Storing, location));
    }

    /// Takes out one of the jobs that are about to be stored, and says whether there was one.
    #[cfg(feature = "jobs")]
    fn takes_awaited_job(&mut self) -> bool {
        let index = self.0.iter().position(Handler::is_storing);
        index.map(|index| self.0.remove(index)).is_some()
    }

    /// Has those who listen told of a job, unless they will be of the one before.
    #[cfg(feature = "jobs")]
    pub(crate) fn tell_of_job(
        &mut self,
        queue: &'static str,
        location: &'static Location<'static>,
    ) {
        if !self.0.last().is_some_and(|last| last.tells_of(queue)) {
            self.0.push(Handler::new(Call::Stored(queue), location));
        }
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
        match self.0.iter().position(|handler| handler.id == id) {
            Some(index) => Some(self.0.remove(index)),
            None => self.mailboxes().find_map(|mailbox| mailbox.remove(id)),
        }
    }

    fn mailboxes(&self) -> impl Iterator<Item = &Arc<Mailbox>> {
        self.0.iter().filter_map(Handler::mailbox)
    }

    /// The mailbox in it, if it has one.
    pub(crate) fn mailbox(&self) -> Option<&Arc<Mailbox>> {
        self.mailboxes().next()
    }

    fn close_mailboxes(&mut self) -> Vec<Pending> {
        let arrived = self.mailboxes().filter_map(|mailbox| mailbox.close());
        let arrived: Vec<_> = arrived.collect();
        if !arrived.is_empty() {
            self.0.retain(|handler| handler.mailbox().is_none());
        }
        arrived
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
        let arrived = self.mailboxes().map(|mailbox| mailbox.deferred());
        deferred(&self.0) + arrived.sum::<usize>()
    }

    /// Counts the calls and handlers that would run at a commit.
    pub(crate) fn waiting_for_commit(&self) -> usize {
        let waiting = self.0.iter().filter(|handler| handler.is_wanted());
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
