//! The frames of the open transactions, and the slot that they live in while their body runs.
//!
//! A frame is owned by its scope. While the scope's body runs (a sync body as a whole, an async body
//! for each poll) the frame is on this thread's stack of frames, and a guard takes it off again. So
//! it follows its task from thread to thread, and no other task ever sees it.

use std::cell::RefCell;
use std::mem::ManuallyDrop;

use crate::error::RollbackOnly;
use crate::handlers::{Handler, Queue};
use crate::site::Site;
use crate::transaction::ConnectionId;

/// How the body of a frame runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sync,
    Async,
    /// Not a transaction: takes what would run after a commit.
    Capture,
    /// Not a transaction: hides the frames below it from a deferred call, which runs outside of
    /// any transaction.
    Barrier,
}

/// How a block has to end although its body returned `Ok`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mark {
    None,
    /// `set_rollback()` was called.
    Rollback,
    /// It can only be rolled back, and that is an error.
    Doomed(RollbackOnly),
}

/// What is known of one open block.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) connection: ConnectionId,
    pub(crate) kind: Kind,
    pub(crate) site: &'static Site,
    pub(crate) mark: Mark,
    /// Whether its body has panicked.
    pub(crate) panicked: bool,
    /// How many blocks are around it on its connection.
    depth: u32,
    pub(crate) queue: Queue,
}

impl Frame {
    const BARRIER: Self = Self::new(ConnectionId::new(0), Kind::Barrier, &Site::NOWHERE, 0);

    pub(crate) const fn new(
        connection: ConnectionId,
        kind: Kind,
        site: &'static Site,
        depth: u32,
    ) -> Self {
        Self {
            connection,
            depth,
            kind,
            site,
            mark: Mark::None,
            panicked: false,
            queue: Queue::new(),
        }
    }

    pub(crate) fn depth(&self) -> usize {
        // As wide as an address on whatever has threads.
        self.depth as usize
    }

    pub(crate) fn request_rollback(&mut self) {
        if matches!(self.mark, Mark::None) {
            self.mark = Mark::Rollback;
        }
    }

    /// The first cause stays: it is the one that the user has to look at.
    pub(crate) fn doom(&mut self, cause: RollbackOnly) {
        if !matches!(self.mark, Mark::Doomed(_)) {
            self.mark = Mark::Doomed(cause);
        }
    }
}

/// As deep as transactions nest in practice; beyond it frames go to the heap.
const INLINE: usize = 8;

struct Stack {
    inline: [Frame; INLINE],
    spilled: Vec<Frame>,
    len: usize,
}

impl Stack {
    const fn new() -> Self {
        Self {
            inline: [const { Frame::BARRIER }; INLINE],
            spilled: Vec::new(),
            len: 0,
        }
    }

    fn push(&mut self, frame: Frame) {
        match self.inline.get_mut(self.len) {
            Some(slot) => *slot = frame,
            None => self.spilled.push(frame),
        }
        self.len += 1;
    }

    fn pop(&mut self) -> Option<Frame> {
        self.len = self.len.checked_sub(1)?;
        if let Some(slot) = self.inline.get_mut(self.len) {
            return Some(std::mem::replace(slot, Frame::BARRIER));
        }
        let frame = self.spilled.pop();
        if self.spilled.is_empty() {
            // Nobody drops the stack when its thread ends.
            self.spilled = Vec::new();
        }
        frame
    }

    /// From the innermost frame outwards.
    fn frames(&mut self) -> impl Iterator<Item = &mut Frame> {
        let inline = self.len.min(INLINE);
        self.spilled
            .iter_mut()
            .rev()
            .chain(self.inline.iter_mut().take(inline).rev())
    }

    /// From the innermost frame outwards, as far as the running code may see.
    fn unhidden(&mut self) -> impl Iterator<Item = &mut Frame> {
        self.frames()
            .take_while(|frame| frame.kind != Kind::Barrier)
    }

    /// The open blocks among them.
    fn visible(&mut self) -> impl Iterator<Item = &mut Frame> {
        self.unhidden().filter(|frame| frame.kind != Kind::Capture)
    }
}

thread_local! {
    // The stack is empty whenever no body runs, so there is nothing to drop when a thread ends, and
    // without a destructor it can be used until the very end. Never borrowed while user code runs.
    static STACK: ManuallyDrop<RefCell<Stack>> =
        const { ManuallyDrop::new(RefCell::new(Stack::new())) };
}

fn with_stack<R>(f: impl FnOnce(&mut Stack) -> R) -> R {
    STACK.with(|stack| f(&mut stack.borrow_mut()))
}

/// Runs `f` on the innermost open block, if there is one.
pub(crate) fn with_innermost<R>(f: impl FnOnce(&mut Frame) -> R) -> Option<R> {
    with_stack(|stack| stack.visible().next().map(f))
}

/// Runs `f` on the innermost open block of a connection, if there is one.
pub(crate) fn with_innermost_of<R>(
    connection: ConnectionId,
    f: impl FnOnce(&mut Frame) -> R,
) -> Option<R> {
    with_stack(|stack| {
        stack
            .visible()
            .find(|frame| frame.connection == connection)
            .map(f)
    })
}

/// How many blocks of a connection are open on this stack, hidden ones included.
pub(crate) fn depth_of(connection: ConnectionId) -> u32 {
    with_stack(|stack| {
        let innermost = stack
            .frames()
            .find(|frame| frame.kind != Kind::Barrier && frame.connection == connection);
        innermost.map_or(0, |frame| frame.depth + 1)
    })
}

/// How many calls wait in the innermost block and those around it on the same connection.
pub(crate) fn pending() -> usize {
    with_stack(|stack| {
        let mut visible = stack.visible().peekable();
        let Some(innermost) = visible.peek().map(|frame| frame.connection) else {
            return 0;
        };
        visible
            .filter(|frame| frame.connection == innermost)
            .map(|frame| frame.queue.deferred())
            .sum()
    })
}

/// Whether something takes the calls of a transaction that has committed.
pub(crate) fn is_capturing() -> bool {
    with_capture(|_| ()).is_some()
}

/// Runs `f` on what takes the calls of a transaction that has committed, if there is such.
pub(crate) fn with_capture(f: impl FnOnce(&mut Frame)) -> Option<()> {
    with_stack(|stack| {
        let capture = |frame: &&mut Frame| frame.kind == Kind::Capture;
        stack.unhidden().find(capture).map(f)
    })
}

/// Whether a transaction is open here.
pub(crate) fn is_open() -> bool {
    with_innermost(|_| ()).is_some()
}

/// How deep the innermost block is on its connection, where there is one; zero for the outermost.
pub(crate) fn nesting() -> Option<usize> {
    with_innermost(|frame| frame.depth())
}

/// Queues a call in the innermost block; there has to be one.
pub(crate) fn enqueue(handler: Handler) {
    with_innermost(|frame| frame.queue.push(handler));
}

/// Takes back what was queued under an identity, as long as its transaction is open here.
pub(crate) fn remove(id: u64) -> Option<Handler> {
    with_stack(|stack| stack.visible().find_map(|frame| frame.queue.remove(id)))
}

/// Puts a frame on the stack until it is dropped, and then back where it came from.
pub(crate) struct Entered<'f> {
    home: &'f mut Frame,
    /// Something else was unwinding before.
    unwinding: bool,
}

impl<'f> Entered<'f> {
    pub(crate) fn new(home: &'f mut Frame) -> Self {
        let frame = std::mem::replace(home, Frame::BARRIER);
        with_stack(|stack| stack.push(frame));
        let unwinding = std::thread::panicking();
        Self { home, unwinding }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if let Some(frame) = with_stack(Stack::pop) {
            *self.home = frame;
            self.home.panicked = std::thread::panicking() && !self.unwinding;
        }
    }
}

/// Hides all open blocks from what runs until it is dropped.
pub(crate) struct Hidden {
    len: usize,
}

impl Hidden {
    pub(crate) fn new() -> Self {
        with_stack(|stack| {
            let len = stack.len;
            stack.push(Frame::BARRIER);
            Self { len }
        })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Whatever was put on top and not taken off goes with it. Frames are dropped outside of the
        // borrow: a capture's destructor is user code.
        while let Some(frame) = with_stack(|stack| (stack.len > self.len).then(|| stack.pop())) {
            drop(frame);
        }
    }
}
