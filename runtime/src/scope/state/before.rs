//! The calls of a block that run before it commits, inside of it.

use std::vec::IntoIter;

use super::BlockState;
use crate::context::{Frame, Inside, Kind};
use crate::error::{FailedBefore, RollbackOnly, TooManyGenerations};
use crate::queue::{Before, Call, CallResult, Handler};

/// The generations of calls that may run: those that the body has registered, those that they register, and so on.
const GENERATIONS: usize = 16;

impl BlockState {
    /// Whether something is to be done before the commit.
    pub(in crate::scope) fn is_unprepared(&self) -> bool {
        self.frame.is_unprepared()
    }

    /// Runs the calls, and those that they register, if it is this block that commits.
    ///
    /// There is nothing to await where the block is sync.
    pub(in crate::scope) async fn run_before_commit(&mut self) -> Result<(), FailedBefore> {
        self.frame.pending.close_mailboxes();
        if !self.level.is_outermost() || !self.is_unobjectionable() {
            return Ok(());
        }
        let mut calls = Calls::of(&mut self.frame);
        while let Some(Handler { call, location, .. }) = calls.next()? {
            let result = match call {
                Call::Before(Before::Sync(call)) => calls.run(call),
                Call::Before(Before::Async(call)) if calls.frame.kind() == Kind::Async => {
                    Inside::new(&mut *calls.frame, call).await
                }
                lost => {
                    calls.lose(Handler::new(lost, location));
                    return Ok(());
                }
            };
            result.map_err(|source| FailedBefore { location, source })?;
        }
        Ok(())
    }
}

/// The calls that wait. What is left of them goes back to the queue, for whoever empties that.
struct Calls<'f> {
    frame: &'f mut Frame,
    waiting: IntoIter<Handler>,
    generation: usize,
}

impl<'f> Calls<'f> {
    fn of(frame: &'f mut Frame) -> Self {
        Self {
            frame,
            waiting: Vec::new().into_iter(),
            generation: 0,
        }
    }

    /// The next one, unless the block is to be rolled back.
    fn next(&mut self) -> Result<Option<Handler>, FailedBefore> {
        if self.waiting.as_slice().is_empty() {
            self.frame.pending.close_mailboxes();
        }
        if self.frame.pending.must_roll_back.is_some() {
            return Ok(None);
        }
        if let Some(handler) = self.waiting.next() {
            return Ok(Some(handler));
        }
        self.waiting = self.frame.pending.queue.take_before().into_iter();
        match self.waiting.as_slice() {
            [] => self.frame.prepared(),
            [first, ..] if self.generation == GENERATIONS => {
                return Err(FailedBefore {
                    location: first.location,
                    source: TooManyGenerations(GENERATIONS).into(),
                });
            }
            [..] => self.generation += 1,
        }
        Ok(self.waiting.next())
    }

    fn run(&mut self, call: impl FnOnce() -> CallResult) -> CallResult {
        let mut entered = self.frame.enter();
        let result = call();
        entered.returned();
        result
    }

    /// A nested block of an async function, which something blocked on, has left an async call to a sync one.
    fn lose(&mut self, handler: Handler) {
        let location = handler.location;
        self.frame.pending.queue.push(handler);
        let pending = &mut self.frame.pending;
        pending.doom(RollbackOnly::AsyncCall { location });
    }
}

impl Drop for Calls<'_> {
    fn drop(&mut self) {
        let left = self.waiting.by_ref();
        self.frame.pending.queue.put_back(left);
    }
}
