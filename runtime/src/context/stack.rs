//! The frames of the bodies that run on a thread.

use std::cell::{Cell, RefCell};

use super::frame::{Block, Kind, Load, Mark};
use crate::handlers::Handler;
use crate::transaction::ConnectionId;

/// What is around a block that begins.
#[derive(Clone, Copy, Default)]
pub(crate) struct Around {
    /// How many blocks of its connection are open on this stack, hidden ones included.
    pub(crate) depth: u32,
    /// How the innermost of those that it may see has to end, if there is one.
    pub(crate) mark: Option<Mark>,
}

/// Where a frame is while its body runs.
pub(super) struct Slot {
    pub(super) block: Cell<Block>,
    pub(super) gathered: RefCell<Load>,
}

impl Slot {
    const fn of(block: Block) -> Self {
        Self {
            block: Cell::new(block),
            gathered: RefCell::new(Load::EMPTY),
        }
    }

    #[inline]
    pub(super) fn change(&self, f: impl FnOnce(&mut Load)) {
        let loaded = true;
        self.block.set(Block {
            loaded,
            ..self.block.get()
        });
        f(&mut self.gathered.borrow_mut());
    }
}

/// As deep as transactions nest in practice; beyond it frames go to the heap.
const INLINE: usize = 8;

pub(super) struct Stack {
    len: Cell<usize>,
    inline: [Slot; INLINE],
    spilled: RefCell<Vec<Slot>>,
}

impl Stack {
    pub(super) const fn new() -> Self {
        Self {
            len: Cell::new(0),
            inline: [const { Slot::of(Block::BARRIER) }; INLINE],
            spilled: RefCell::new(Vec::new()),
        }
    }

    /// Says where it is.
    #[inline]
    pub(super) fn push(&self, block: Block) -> usize {
        let index = self.len.get();
        match self.inline.get(index) {
            Some(slot) => slot.block.set(block),
            None => self.spill(block),
        }
        self.len.set(index + 1);
        index
    }

    #[cold]
    fn spill(&self, block: Block) {
        self.spilled.borrow_mut().push(Slot::of(block));
    }

    /// Takes the innermost frame off, which is at `index`, and returns what has gathered in it.
    #[inline]
    pub(super) fn pop(&self, index: usize) -> Option<Load> {
        self.len.set(index);
        match self.inline.get(index) {
            Some(slot) if !slot.block.get().loaded => None,
            _ => self.unload(index),
        }
    }

    #[cold]
    fn unload(&self, index: usize) -> Option<Load> {
        if let Some(slot) = self.inline.get(index) {
            return Some(slot.gathered.take());
        }
        let mut spilled = self.spilled.borrow_mut();
        let slot = spilled.pop()?;
        if spilled.is_empty() {
            // Nobody drops the stack when its thread ends.
            *spilled = Vec::new();
        }
        slot.block.get().loaded.then(|| slot.gathered.take())
    }

    #[inline]
    pub(super) fn at<R>(&self, index: usize, f: impl FnOnce(&Slot) -> R) -> R {
        match self.inline.get(index) {
            Some(slot) => f(slot),
            None => self.at_spilled(index - INLINE, f),
        }
    }

    #[cold]
    fn at_spilled<R>(&self, index: usize, f: impl FnOnce(&Slot) -> R) -> R {
        f(&self.spilled.borrow()[index])
    }

    /// Where the innermost frame is that is wanted, as far as the running code may see: mostly on top.
    #[inline]
    pub(super) fn innermost(&self, wanted: impl Fn(Block) -> bool) -> Option<usize> {
        let len = self.len.get();
        match self.inline.get(len.wrapping_sub(1)) {
            Some(slot) if wanted(slot.block.get()) => Some(len - 1),
            _ => self.find(len, wanted),
        }
    }

    /// As [`innermost`](Self::innermost), of the frames below.
    #[inline(never)]
    fn find(&self, mut below: usize, wanted: impl Fn(Block) -> bool) -> Option<usize> {
        while let Some(index) = below.checked_sub(1) {
            let look = |slot: &Slot| (wanted(slot.block.get()), slot.block.get().kind);
            match self.at(index, look) {
                (true, _) => return Some(index),
                (false, Kind::Barrier) => return None,
                (false, _) => below = index,
            }
        }
        None
    }

    #[inline]
    pub(super) fn around(&self, connection: ConnectionId) -> Around {
        if self.len.get() == 0 {
            Around::default()
        } else {
            self.look_around(connection)
        }
    }

    #[inline(never)]
    fn look_around(&self, connection: ConnectionId) -> Around {
        let is_on = Block::is_on(connection);
        if let Some(index) = self.innermost(&is_on) {
            return self.at(index, |slot| Around {
                depth: slot.block.get().depth + 1,
                mark: Some(slot.gathered.borrow().mark),
            });
        }
        let blocks = (0..self.len.get()).rev();
        let mut hidden = blocks.map(|index| self.at(index, |slot| slot.block.get()));
        let innermost = hidden.find(|block| is_on(*block));
        Around {
            depth: innermost.map_or(0, |block| block.depth + 1),
            mark: None,
        }
    }

    #[inline(never)]
    pub(super) fn enqueue(&self, index: usize, handler: Handler) {
        self.at(index, |slot| slot.change(|load| load.queue.push(handler)));
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
