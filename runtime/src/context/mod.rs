//! The frames of the open transactions, and the slots that they live in while their body runs.
//!
//! A frame is owned by its scope. While the scope's body runs (a sync body as a whole, an async body
//! for each poll, and for its drop) the frame is on this thread's stack of frames, and a guard takes it off again. So
//! it follows its task from thread to thread, and no other task ever sees it.

mod children;
mod frame;
mod inside;
mod stack;

use std::mem::ManuallyDrop;

pub(crate) use children::{Child, Crowded, Enclosing, child_ends};
use frame::Block;
pub(crate) use frame::{Frame, Kind, Levels, MustRollBack, Pending};
pub(crate) use inside::{Inside, Outside};
use stack::{News, Slot, Stack};

use crate::queue::{Handler, Queue};
use crate::site::Site;
use crate::transaction::ConnectionId;

thread_local! {
    // The stack is empty whenever no body runs, so there is nothing to drop when a thread ends, and
    // without a destructor it can be used until the very end. Never borrowed while user code runs.
    static STACK: ManuallyDrop<Stack> = const { ManuallyDrop::new(Stack::new()) };
}

/// The place of an open block, as long as none begins or ends on this thread.
#[derive(Clone, Copy)]
pub(crate) struct OpenBlock(usize);

/// The innermost open block, if there is one.
#[inline]
pub(crate) fn innermost() -> Option<OpenBlock> {
    STACK.with(|stack| stack.innermost(Block::is_open).map(OpenBlock))
}

impl OpenBlock {
    #[inline]
    fn at<R>(self, f: impl FnOnce(&Slot) -> R) -> R {
        STACK.with(|stack| stack.at(self.0, f))
    }

    #[inline]
    pub(crate) fn kind(self) -> Kind {
        self.at(|slot| slot.block.get().kind())
    }

    pub(crate) fn site(self) -> &'static Site {
        self.at(|slot| slot.block.get().site)
    }

    /// The depth of the block on its connection; zero for the outermost.
    pub(crate) fn nesting(self) -> usize {
        self.at(|slot| slot.block.get().depth())
    }

    /// Queues a call.
    #[inline]
    pub(crate) fn enqueue(self, handler: Handler) {
        STACK.with(|stack| stack.enqueue(self.0, handler));
    }

    /// Runs `f` on what has gathered in it.
    pub(crate) fn change(self, f: impl FnOnce(&mut Pending)) {
        self.at(|slot| slot.change(f));
    }
}

/// Runs `f` on what has gathered in the innermost block that is wanted, if there is one.
#[inline]
fn change(wanted: impl Fn(Block) -> bool, f: impl FnOnce(&mut Pending)) {
    STACK.with(|stack| {
        if let Some(index) = stack.innermost(wanted) {
            stack.at(index, |slot| slot.change(f));
        }
    });
}

/// Runs `f` on what has gathered in the innermost open block of a connection, if there is one.
pub(crate) fn change_innermost_of(connection: ConnectionId, f: impl FnOnce(&mut Pending)) {
    change(Block::is_on(connection), f);
}

/// The identity for observers of the innermost open block of a connection; zero where there is none.
pub(crate) fn id_of_innermost_of(connection: ConnectionId) -> u64 {
    STACK.with(|stack| {
        let index = stack.innermost(Block::is_on(connection));
        index.map_or(0, |index| stack.at(index, |slot| slot.gathered.borrow().id))
    })
}

/// Whether no block is open on this thread, not even one that the running code may not see.
#[inline]
pub(crate) fn is_empty() -> bool {
    STACK.with(|stack| stack.is_empty())
}

/// Counts the calls that wait in the innermost block and those around it on the same connection.
pub(crate) fn pending() -> usize {
    let Some(innermost) = innermost() else {
        return 0;
    };
    let connection = innermost.at(|slot| slot.block.get().connection);
    STACK.with(|stack| {
        let deferred = |slot: &Slot| slot.gathered.borrow().queue.deferred();
        let blocks = stack.all(Block::is_on(connection));
        blocks.map(|index| stack.at(index, deferred)).sum()
    })
}

/// Whether something takes the calls of a transaction that has committed.
pub(crate) fn is_capturing() -> bool {
    STACK.with(|stack| stack.innermost(Block::is_capture).is_some())
}

/// Hands calls to what takes those of a transaction that has committed, if there is such.
pub(crate) fn capture(calls: Queue) {
    change(Block::is_capture, |pending| pending.queue.append(calls));
}

/// Takes back what was queued under an identity, as long as its transaction is open here.
pub(crate) fn remove(id: u64) -> Option<Handler> {
    STACK.with(|stack| {
        let remove = |slot: &Slot| slot.gathered.borrow_mut().queue.remove(id);
        let mut blocks = stack.all(Block::is_open);
        blocks.find_map(|index| stack.at(index, remove))
    })
}

impl Frame {
    /// Runs `body` with the frame on the stack.
    #[inline]
    pub(crate) fn during<R>(&mut self, body: impl FnOnce() -> R) -> R {
        let mut entered = Entered::new(self);
        let value = body();
        entered.panicked = false;
        value
    }

    #[cold]
    fn take_along(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        change(|_| true, |gathered| *gathered = pending);
    }

    #[cold]
    fn learn(&mut self, news: News) {
        self.block = news.block.settled();
        if let Some(pending) = news.pending {
            self.pending = pending;
        }
    }
}

/// Puts a frame on the stack until it is dropped, and then back where it came from.
struct Entered<'f> {
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
