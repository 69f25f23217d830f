//! The frames of the bodies that run on a thread.

use std::cell::{Cell, RefCell};

use super::away::Away;
use super::frame::{Block, Kind};
use crate::executor::Task;
use crate::queue::{Handler, Pending};

/// The place of a frame while its body runs. Its size is a power of two, so that a shift finds it.
#[repr(align(64))]
pub(super) struct Slot {
    pub(super) block: Cell<Block>,
    pub(super) gathered: RefCell<Pending>,
    /// The task that runs the body. Another one that is polled on the same thread, because the body drives a runtime, does
    /// not belong to it.
    task: Cell<Task>,
}

impl Slot {
    pub(super) const fn vacant() -> Self {
        Self {
            block: Cell::new(Block::BARRIER),
            gathered: RefCell::new(Pending::EMPTY),
            task: Cell::new(Task::NONE),
        }
    }

    #[inline]
    pub(super) fn occupy(&self, block: Block) {
        self.block.set(block);
        self.task.set(Task::current());
    }

    #[inline]
    pub(super) fn change(&self, f: impl FnOnce(&mut Pending)) {
        self.block.set(self.block.get().loaded());
        f(&mut self.gathered.borrow_mut());
    }

    /// Notes that something is to be done before the commit.
    pub(super) fn prepare(&self) {
        self.block.set(self.block.get().unprepared());
    }

    fn news(&self) -> Option<News> {
        let block = self.block.get();
        block.has_news().then(|| News {
            block,
            pending: block.is_loaded().then(|| self.gathered.take()),
        })
    }
}

/// All that a frame does not know yet when its body stops running.
pub(super) struct News {
    pub(super) block: Block,
    pub(super) pending: Option<Pending>,
}

/// The depth to which transactions nest in practice; beyond it frames go to the heap.
pub(super) const INLINE: usize = 8;

pub(super) struct Stack {
    len: Cell<usize>,
    inline: [Slot; INLINE],
    pub(super) spilled: RefCell<Vec<Slot>>,
    pub(super) away: RefCell<Vec<Away>>,
}

impl Stack {
    pub(super) const fn new() -> Self {
        Self {
            len: Cell::new(0),
            inline: [const { Slot::vacant() }; INLINE],
            spilled: RefCell::new(Vec::new()),
            away: RefCell::new(Vec::new()),
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len.get() == 0
    }

    /// Puts a frame on top, and says where it is.
    #[inline]
    pub(super) fn push(&self, block: Block) -> usize {
        let index = self.len.get();
        match self.inline.get(index) {
            Some(slot) => slot.occupy(block),
            None => self.spill(block),
        }
        self.len.set(index + 1);
        index
    }

    #[cold]
    fn spill(&self, block: Block) {
        let slot = Slot::vacant();
        slot.occupy(block);
        self.spilled.borrow_mut().push(slot);
    }

    /// Gives the innermost frame what it had before.
    #[cold]
    pub(super) fn load_innermost(&self, pending: Pending) {
        if let Some(index) = self.len.get().checked_sub(1) {
            self.at(index, |slot| slot.change(|gathered| *gathered = pending));
        }
    }

    /// Takes the innermost frame off, which is at `index`, and returns what has happened to it.
    #[inline]
    pub(super) fn pop(&self, index: usize) -> Option<News> {
        self.len.set(index);
        match self.inline.get(index) {
            Some(slot) if !slot.block.get().has_news() => None,
            _ => self.unload(index),
        }
    }

    #[cold]
    fn unload(&self, index: usize) -> Option<News> {
        if let Some(slot) = self.inline.get(index) {
            return slot.news();
        }
        let mut spilled = self.spilled.borrow_mut();
        let slot = spilled.pop()?;
        if spilled.is_empty() {
            // Nobody drops the stack when its thread ends.
            *spilled = Vec::new();
        }
        slot.news()
    }

    #[inline]
    pub(super) fn at<R>(&self, index: usize, f: impl FnOnce(&Slot) -> R) -> R {
        match self.inline.get(index) {
            Some(slot) => f(slot),
            None => self.at_spilled(index, f),
        }
    }

    /// The innermost frame, if it belongs to the task that is running.
    #[inline]
    pub(super) fn top(&self) -> Option<&Slot> {
        let slot = self.inline.get(self.len.get().wrapping_sub(1))?;
        (slot.task.get() == Task::current()).then_some(slot)
    }

    #[inline]
    pub(super) fn block(&self, index: usize) -> Block {
        self.at(index, |slot| slot.block.get())
    }

    /// Finds the innermost frame that is wanted, as far as the running code may see: mostly it is on top.
    #[inline]
    pub(super) fn innermost(&self, wanted: impl Fn(Block) -> bool) -> Option<usize> {
        let len = self.len.get();
        match self.top() {
            Some(slot) if wanted(slot.block.get()) => Some(len - 1),
            _ => self.find(len, wanted),
        }
    }

    /// Finds the block that is for what is registered now: the innermost open one, and mostly it is on top.
    #[inline]
    pub(super) fn innermost_open(&self) -> Option<usize> {
        let len = self.len.get();
        match self.top() {
            Some(slot) if slot.block.get().is_open() => Some(len - 1),
            _ => self.find_open(len),
        }
    }

    /// Finds as [`innermost_open`](Self::innermost_open) does, among the frames below.
    #[inline(never)]
    fn find_open(&self, below: usize) -> Option<usize> {
        let index = self.walk(below, Block::takes_calls)?;
        if self.block(index).is_away() {
            return self.place_of_away(index);
        }
        Some(index)
    }

    /// Finds as [`innermost`](Self::innermost) does, among the frames below.
    #[inline(never)]
    fn find(&self, below: usize, wanted: impl Fn(Block) -> bool) -> Option<usize> {
        self.walk(below, wanted)
    }

    #[inline]
    fn walk(&self, mut below: usize, wanted: impl Fn(Block) -> bool) -> Option<usize> {
        if below == 0 {
            return None;
        }
        let task = Task::current();
        while let Some(index) = below.checked_sub(1) {
            let (block, of) = self.at(index, |slot| (slot.block.get(), slot.task.get()));
            if of != task {
                return None;
            }
            if wanted(block) {
                return Some(index);
            }
            if block.kind() == Kind::Barrier {
                return None;
            }
            below = index;
        }
        None
    }

    #[inline(never)]
    pub(super) fn enqueue(&self, index: usize, handler: Handler) {
        let Some(slot) = self.inline.get(index) else {
            return self.enqueue_spilled(index, handler);
        };
        // Without a closure, into each of which the handler would be copied.
        slot.block.set(slot.block.get().loaded());
        slot.gathered.borrow_mut().queue.push(handler);
    }

    /// Does as [`enqueue`](Self::enqueue), and says whether the block has taken it.
    #[inline(never)]
    pub(super) fn try_enqueue(&self, index: usize, handler: Handler) -> bool {
        match self.inline.get(index) {
            Some(slot) => {
                slot.change(|pending| pending.queue.push(handler));
                true
            }
            None => self.put_spilled(index, handler).is_ok(),
        }
    }

    /// Runs `f` on what has gathered in a block, unless that has ended, and says whether it has.
    #[inline]
    pub(super) fn change(&self, index: usize, f: impl FnOnce(&mut Pending)) -> bool {
        match self.inline.get(index) {
            Some(slot) => {
                slot.change(f);
                true
            }
            None => self.change_spilled(index, f),
        }
    }

    /// From the innermost one outwards, those that are wanted.
    pub(super) fn all(&self, wanted: impl Fn(Block) -> bool) -> impl Iterator<Item = usize> {
        let mut below = self.len.get();
        std::iter::from_fn(move || {
            below = self.find(below, &wanted)?;
            Some(below)
        })
    }
}
