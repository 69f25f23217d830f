//! The slot of an open transaction: where its connection is while the block's body runs.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_timer::Delay;

use super::state::{Place, State, Wait};
use crate::error::{Error, Holder, Reason};
use crate::site::Site;
use crate::test_transaction;
use crate::transaction::{Abandoned, AsyncTransaction, ConnectionId};

/// What is to be done before anything else is, with the connection.
pub(super) type Left<T> =
    Box<dyn for<'t> FnOnce(&'t mut T) -> Pin<Box<dyn Future<Output = ()> + Send + 't>> + Send>;

/// The connection of an open transaction, in a box so that it stays where it is, and the queue of those who want it.
pub(super) struct Slot<T: AsyncTransaction> {
    /// Known once the body runs.
    connection: OnceLock<ConnectionId>,
    pub(super) driver: &'static str,
    pub(super) closes_connection: bool,
    /// The handle that began it.
    pub(super) handle: u64,
    state: Mutex<State<T>>,
    /// Set by those who could not wait for it.
    left: Mutex<Option<Left<T>>>,
}

impl<T: AsyncTransaction> Slot<T> {
    pub(super) fn new(transaction: &T, handle: u64) -> Self {
        Self {
            connection: OnceLock::new(),
            driver: transaction.driver(),
            closes_connection: transaction.closes_connection(),
            handle,
            state: Mutex::new(State::new()),
            left: Mutex::new(None),
        }
    }

    pub(super) fn connection(&self) -> Option<ConnectionId> {
        self.connection.get().copied()
    }

    /// Whether it is the transaction of a test, which no block of the stack stands for.
    pub(super) fn is_in_test(&self) -> bool {
        self.connection().is_some_and(test_transaction::is_open)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and wakes those who can go on.
    fn change<R>(&self, f: impl FnOnce(&mut State<T>) -> R) -> R {
        let (changed, woken) = {
            let mut state = self.state();
            let changed = f(&mut state);
            (changed, state.woken())
        };
        for waker in woken {
            waker.wake();
        }
        changed
    }

    pub(super) fn place(&self, level: usize, site: &'static Site) -> Option<Place> {
        self.state().place(level, site)
    }

    /// Looks at the connection, if nobody has it.
    pub(super) fn look<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.state().free.as_deref_mut().map(f)
    }

    /// Takes the connection for a block that is given up, or for the outermost one, if nobody has it.
    pub(super) fn take_now(&self, place: Option<Place>) -> Option<Box<T>> {
        let mut state = self.state();
        let is_mine = place.is_none_or(|place| state.is_open(place));
        if is_mine { state.free.take() } else { None }
    }

    /// Leaves something to be done before anything else is.
    pub(super) fn leave_behind(&self, left: Left<T>) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(left);
    }

    /// Does what was left to be done.
    pub(super) async fn tidy(&self, transaction: &mut T) {
        let left = self
            .left
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(left) = left {
            left(transaction).await;
        }
    }

    /// Takes the connection, if nobody else has it or comes first.
    pub(super) fn take_at_once(&self, place: Place, holder: Holder) -> Option<Box<T>> {
        self.state().take(place, None, holder).ok()
    }

    /// Waits for the connection.
    pub(super) async fn take(
        &self,
        place: Place,
        holder: Holder,
        patience: Duration,
    ) -> Result<Box<T>, Error> {
        let mut queued = Queued {
            slot: self,
            place,
            ticket: None,
        };
        let mut too_late: Option<Delay> = None;
        poll_fn(|context| match queued.poll(holder, context) {
            Poll::Pending => {
                let too_late = too_late.get_or_insert_with(|| Delay::new(patience));
                let is_late = Pin::new(too_late).poll(context);
                is_late.map(|()| Err(self.busy(place)))
            }
            taken @ Poll::Ready(_) => taken,
        })
        .await
    }

    #[cold]
    fn busy(&self, place: Place) -> Error {
        let state = self.state();
        let holder = if state.is_nested(place) {
            Holder::Block
        } else if state.free.is_some() {
            // It is the turn of somebody who is not polled.
            Holder::Statement
        } else {
            state.holder
        };
        Reason::Busy(place.site, holder).into()
    }

    /// Waits for the connection at the end of a block that is ending: nobody in it has it any more, or nobody should.
    pub(super) fn poll_end(&self, context: &Context<'_>) -> Poll<Box<T>> {
        self.change(|state| {
            let free = state.free.take();
            state.reserve(free.is_none().then_some(context.waker()));
            match free {
                Some(transaction) => {
                    state.holder = Holder::Block;
                    Poll::Ready(transaction)
                }
                None => Poll::Pending,
            }
        })
    }

    /// Whether a block is open inside of another one.
    pub(super) fn is_nested(&self, place: Place) -> bool {
        let state = self.state();
        state.is_open(place) && state.is_nested(place)
    }

    /// Begins the end of a block, in which nobody is to have the connection any more.
    ///
    /// # Errors
    ///
    /// When it has ended with a block around it.
    pub(super) fn end(&self, place: Place) -> Result<(), Error> {
        self.change(|state| {
            if state.is_open(place) {
                state.end(place);
                Ok(())
            } else {
                Err(Reason::Outlived(place.site).into())
            }
        })
    }

    /// Lets others have the connection again, for which the end of a block does not wait any longer.
    pub(super) fn stop_end(&self) {
        self.change(|state| state.reserve(None));
    }

    /// The holder that the end of a block has waited for.
    pub(super) fn holder(&self) -> Holder {
        self.state().holder
    }

    /// Lends the connection to those in a new block.
    pub(super) fn open(&self, mut transaction: Box<T>) -> Place {
        let connection = transaction.connection_id();
        self.connection.get_or_init(|| connection);
        self.change(|state| {
            state.free = Some(transaction);
            state.open()
        })
    }

    /// Ends a block of which the driver does not know that it has ended.
    pub(super) fn leave(&self, place: Place) {
        self.change(|state| state.end(place));
    }

    /// Takes the connection back from whoever had it. One that nobody wants any more is abandoned.
    pub(super) fn give_back(&self, transaction: Box<T>) {
        let orphaned = self.change(|state| {
            if state.orphaned {
                return Some(transaction);
            }
            state.free = Some(transaction);
            None
        });
        if let Some(mut orphan) = orphaned {
            orphan.abandon(Abandoned::Open);
        }
    }

    /// Ends all blocks. A connection that is not there is nobody's once it is given back.
    pub(super) fn close(&self) {
        let free = self.change(|state| {
            state.end_all();
            state.orphaned = true;
            state.free.take()
        });
        if let Some(mut transaction) = free {
            transaction.abandon(Abandoned::Open);
        }
    }
}

/// Somebody who waits for the connection.
struct Queued<'s, T: AsyncTransaction> {
    slot: &'s Slot<T>,
    place: Place,
    ticket: Option<u64>,
}

impl<T: AsyncTransaction> Queued<'_, T> {
    fn poll(&mut self, holder: Holder, context: &Context<'_>) -> Poll<Result<Box<T>, Error>> {
        let mut state = self.slot.state();
        match state.take(self.place, self.ticket, holder) {
            Ok(transaction) => {
                if let Some(ticket) = self.ticket.take() {
                    state.stop_waiting(ticket);
                }
                Poll::Ready(Ok(transaction))
            }
            Err(Wait::Turn) => {
                state.wait(&mut self.ticket, self.place, context.waker());
                Poll::Pending
            }
            Err(Wait::Ended) => Poll::Ready(Err(Reason::Outlived(self.place.site).into())),
        }
    }
}

impl<T: AsyncTransaction> Drop for Queued<'_, T> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.slot.change(|state| state.stop_waiting(ticket));
        }
    }
}
