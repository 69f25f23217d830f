//! The calls and handlers that wait in the queue of a block.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;

use super::mailbox::{Inbox, Mailbox};
use crate::error::BoxError;
use crate::event::{Committed, Completed, RolledBack};
use crate::handler_outcome::HandlerOutcome;
#[cfg(feature = "jobs")]
use crate::jobs;
use crate::key::Key;

/// The result of a call, whatever it returns.
pub(crate) type CallResult = Result<(), BoxError>;
pub(crate) type AsyncCall = Pin<Box<dyn Future<Output = CallResult> + Send>>;

pub(crate) enum Call {
    Sync(Box<dyn FnOnce() -> CallResult + Send>),
    Async(AsyncCall),
    Commit(Box<dyn FnOnce(&Committed) -> CallResult + Send>, usize),
    Rollback(Box<dyn FnOnce(&RolledBack) -> CallResult + Send>),
    Completed(Box<dyn FnOnce(&Completed) -> CallResult + Send>, usize),
    /// One that runs before the commit.
    Before(Before),
    /// None, but where calls from elsewhere arrive.
    Mailbox(Inbox),
    /// The word, to those who listen, that jobs were stored in a queue.
    #[cfg(feature = "jobs")]
    Stored(&'static str),
    /// None, but a job that is about to be stored beside another one.
    #[cfg(feature = "jobs")]
    Storing,
    /// One of which only the last with the same key runs.
    Keyed(Box<(Key, Call)>),
    /// One in whose place another runs.
    Replaced(#[expect(dead_code, reason = "kept to be dropped in its turn")] Box<Call>),
}

/// A call that runs before the commit.
pub(crate) enum Before {
    Sync(Box<dyn FnOnce() -> CallResult + Send>),
    Async(AsyncCall),
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
    pub(super) id: u64,
}

impl Handler {
    pub(crate) fn new(call: Call, location: &'static Location<'static>) -> Self {
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

    pub(crate) fn before<F, R>(call: F, location: &'static Location<'static>) -> Self
    where
        F: FnOnce() -> R + Send + 'static,
        R: HandlerOutcome,
    {
        let call = Box::new(move || call().into_result());
        Self::new(Call::Before(Before::Sync(call)), location)
    }

    pub(crate) fn future_before(call: AsyncCall, location: &'static Location<'static>) -> Self {
        Self::new(Call::Before(Before::Async(call)), location)
    }

    pub(crate) fn inbox(mailbox: &Arc<Mailbox>, location: &'static Location<'static>) -> Self {
        Self::new(Call::Mailbox(Inbox::new(mailbox)), location)
    }

    pub(super) fn mailbox(&self) -> Option<&Arc<Mailbox>> {
        match &self.call {
            Call::Mailbox(inbox) => Some(inbox.mailbox()),
            _ => None,
        }
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
    pub(super) fn with_event(self, event: &Committed) -> Self {
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
            #[cfg(feature = "jobs")]
            Call::Stored(queue) => Call::Sync(Box::new(move || {
                jobs::tell(queue);
                Ok(())
            })),
            other => other,
        };
        Self { call, ..self }
    }

    /// Whether it is the word that jobs were stored in that queue.
    #[cfg(feature = "jobs")]
    pub(super) fn tells_of(&self, queue: &str) -> bool {
        matches!(self.call, Call::Stored(told) if told == queue)
    }

    /// Whether it stands for a job that is about to be stored.
    #[cfg(feature = "jobs")]
    pub(super) fn is_storing(&self) -> bool {
        matches!(self.call, Call::Storing)
    }

    /// Whether it is lost to somebody if it does not run after a commit.
    pub(super) fn is_wanted(&self) -> bool {
        #[cfg(feature = "jobs")]
        if matches!(self.call, Call::Stored(_)) {
            return false;
        }
        self.waits_for_commit()
    }

    pub(super) fn waits_for_commit(&self) -> bool {
        match self.call {
            Call::Sync(_)
            | Call::Async(_)
            | Call::Commit(..)
            | Call::Completed(..)
            | Call::Before(_)
            | Call::Keyed(_) => true,
            #[cfg(feature = "jobs")]
            Call::Stored(_) => true,
            #[cfg(feature = "jobs")]
            Call::Storing => false,
            Call::Rollback(_) | Call::Mailbox(_) | Call::Replaced(_) => false,
        }
    }

    pub(super) fn is_deferred(&self) -> bool {
        match self.call {
            Call::Sync(_) | Call::Async(_) | Call::Keyed(_) => true,
            #[cfg(feature = "jobs")]
            Call::Stored(_) | Call::Storing => false,
            Call::Commit(..)
            | Call::Rollback(_)
            | Call::Completed(..)
            | Call::Before(_)
            | Call::Mailbox(_)
            | Call::Replaced(_) => false,
        }
    }

    /// Whether it is a call like most, which runs at its place whatever the others are.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.call, Call::Sync(_) | Call::Async(_))
    }

    /// Whether it runs before the commit.
    pub(super) fn is_before(&self) -> bool {
        matches!(self.call, Call::Before(_))
    }

    /// Whether it runs after all others.
    pub(super) fn is_last(&self) -> bool {
        matches!(self.call, Call::Completed(..))
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Handler({})", self.location)
    }
}
