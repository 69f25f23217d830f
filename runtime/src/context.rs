//! The frames of the open transactions, and the slots that they live in while their body runs.
//!
//! A frame is owned by its scope. While the scope's body runs (a sync body as a whole, an async body
//! for each poll) the frame is on this thread's stack of frames, and a guard takes it off again. So
//! it follows its task from thread to thread, and no other task ever sees it.

use std::mem::ManuallyDrop;

use crate::handlers::{Handler, Queue};
use crate::site::Site;
use crate::transaction::ConnectionId;

mod frame;
mod stack;

use frame::Block;
pub(crate) use frame::{Doom, Frame, Kind, Load, Mark};
pub(crate) use stack::Around;
use stack::{Slot, Stack};

thread_local! {
    // The stack is empty whenever no body runs, so there is nothing to drop when a thread ends, and
    // without a destructor it can be used until the very end. Never borrowed while user code runs.
    static STACK: ManuallyDrop<Stack> = const { ManuallyDrop::new(Stack::new()) };
}

/// Where an open block is, as long as none begins or ends on this thread.
#[derive(Clone, Copy)]
pub(crate) struct Place(usize);

/// The innermost open block, if there is one.
#[inline]
pub(crate) fn innermost() -> Option<Place> {
    STACK.with(|stack| stack.innermost(Block::is_open).map(Place))
}

impl Place {
    #[inline]
    fn at<R>(self, f: impl FnOnce(&Slot) -> R) -> R {
        STACK.with(|stack| stack.at(self.0, f))
    }

    #[inline]
    pub(crate) fn kind(self) -> Kind {
        self.at(|slot| slot.block.get().kind)
    }

    pub(crate) fn site(self) -> &'static Site {
        self.at(|slot| slot.block.get().site)
    }

    /// How deep it is on its connection; zero for the outermost.
    pub(crate) fn nesting(self) -> usize {
        self.at(|slot| slot.block.get().depth())
    }

    /// Queues a call.
    #[inline]
    pub(crate) fn enqueue(self, handler: Handler) {
        STACK.with(|stack| stack.enqueue(self.0, handler));
    }

    /// Runs `f` on what has gathered in it.
    pub(crate) fn change(self, f: impl FnOnce(&mut Load)) {
        self.at(|slot| slot.change(f));
    }
}

/// Runs `f` on what has gathered in the innermost block that is wanted, if there is one.
#[inline]
fn change(wanted: impl Fn(Block) -> bool, f: impl FnOnce(&mut Load)) {
    STACK.with(|stack| {
        if let Some(index) = stack.innermost(wanted) {
            stack.at(index, |slot| slot.change(f));
        }
    });
}

/// Runs `f` on what has gathered in the innermost open block of a connection, if there is one.
pub(crate) fn change_innermost_of(connection: ConnectionId, f: impl FnOnce(&mut Load)) {
    change(Block::is_on(connection), f);
}

/// Whether a block of a connection is open here.
pub(crate) fn is_open_on(connection: ConnectionId) -> bool {
    STACK.with(|stack| stack.innermost(Block::is_on(connection)).is_some())
}

/// What is around a block that begins on a connection.
#[inline]
pub(crate) fn around(connection: ConnectionId) -> Around {
    STACK.with(|stack| stack.around(connection))
}

/// How many calls wait in the innermost block and those around it on the same connection.
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
    change(Block::is_capture, |load| load.queue.append(calls));
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
        let load = std::mem::take(&mut self.load);
        change(|_| true, |gathered| *gathered = load);
    }

    #[cold]
    fn bring_back(&mut self, load: Load) {
        self.block.loaded = true;
        self.load = load;
    }
}

/// Puts a frame on the stack until it is dropped, and then back where it came from.
struct Entered<'f> {
    home: &'f mut Frame,
    index: usize,
    /// As long as nobody says otherwise.
    panicked: bool,
}

impl<'f> Entered<'f> {
    #[inline]
    fn new(home: &'f mut Frame) -> Self {
        let index = STACK.with(|stack| stack.push(home.block));
        if home.block.loaded {
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
        if let Some(load) = STACK.with(|stack| stack.pop(self.index)) {
            self.home.bring_back(load);
        }
        if self.panicked {
            self.home.block.panicked = true;
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
