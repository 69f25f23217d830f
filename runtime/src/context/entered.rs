//! The stack of this thread, and what is on it while it runs a body.

use std::mem::ManuallyDrop;

use super::frame::{Block, Frame};
use super::stack::{News, Stack};
use crate::observer;

thread_local! {
    // The stack is empty whenever no body runs, so there is nothing to drop when a thread ends, and
    // without a destructor it can be used until the very end. Never borrowed while user code runs.
    pub(super) static STACK: ManuallyDrop<Stack> = const { ManuallyDrop::new(Stack::new()) };
}

impl Frame {
    /// Puts the frame on the stack, for as long as its body runs. A guard, as a function around the body would be one more
    /// in each backtrace.
    #[inline]
    pub(crate) fn enter(&mut self) -> Entered<'_> {
        Entered::new(self)
    }

    #[cold]
    fn take_along(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let id = pending.identity.number();
        STACK.with(|stack| stack.load_innermost(pending));
        if id != observer::NO_TRANSACTION {
            observer::entered(id);
        }
    }

    #[cold]
    fn learn(&mut self, news: News) {
        self.block = news.block.off_the_stack();
        if let Some(pending) = news.pending {
            let id = pending.identity.number();
            self.pending = pending;
            if id != observer::NO_TRANSACTION {
                observer::left(id);
            }
        }
    }
}

/// Puts a frame on the stack until it is dropped, and then back where it came from.
pub(crate) struct Entered<'f> {
    home: &'f mut Frame,
    index: usize,
    /// Whether the body has panicked: true as long as nobody says otherwise.
    panicked: bool,
}

impl<'f> Entered<'f> {
    #[inline]
    fn new(home: &'f mut Frame) -> Self {
        let index = STACK.with(|stack| stack.push(home.block));
        if home.block.is_loaded() {
            home.take_along();
        }
        Self {
            home,
            index,
            panicked: true,
        }
    }

    /// Notes that the body has returned. One that is dropped without has panicked.
    #[inline]
    pub(crate) fn returned(&mut self) {
        self.panicked = false;
    }
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(news) = STACK.with(|stack| stack.pop(self.index)) {
            self.home.learn(news);
        }
        if self.panicked {
            self.home.block = self.home.block.panicked();
        }
    }
}

/// Hides all open blocks from what runs until it is dropped.
pub(crate) struct Hidden {
    index: usize,
}

impl Hidden {
    #[inline]
    pub(crate) fn new() -> Self {
        let index = STACK.with(|stack| stack.push(Block::BARRIER));
        Self { index }
    }
}

impl Drop for Hidden {
    #[inline]
    fn drop(&mut self) {
        STACK.with(|stack| stack.pop(self.index));
    }
}
