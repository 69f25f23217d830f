//! Whose turn it is to use the connection of an open transaction.

use std::collections::VecDeque;
use std::task::Waker;

use crate::error::Holder;
use crate::site::Site;

/// A place in an open transaction: the block, and how many are around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    level: usize,
    block: u64,
    pub(super) site: &'static Site,
}

struct Waiter {
    ticket: u64,
    place: Place,
    waker: Waker,
}

/// Why somebody does not get the connection now.
pub(super) enum Wait {
    /// Somebody else has it, or comes first.
    Turn,
    /// The block has ended.
    Ended,
}

/// The connection of an open transaction, and who waits for it.
///
/// A statement belongs to the block that it is in, so it waits while a block inside of that one is open; those of one block have
/// their turns in the order in which they came.
pub(super) struct State<T> {
    pub(super) free: Option<Box<T>>,
    /// Who has it, or had it last.
    pub(super) holder: Holder,
    /// The numbers of the open blocks, the outermost one first.
    blocks: Vec<u64>,
    /// The number of all blocks that there have been.
    begun: u64,
    waiting: VecDeque<Waiter>,
    tickets: u64,
    /// The end of a block, which comes before all others.
    ending: Option<Waker>,
    /// Whether nobody wants the connection back.
    pub(super) orphaned: bool,
}

impl<T> State<T> {
    pub(super) const fn new() -> Self {
        Self {
            free: None,
            holder: Holder::Block,
            blocks: Vec::new(),
            begun: 0,
            waiting: VecDeque::new(),
            tickets: 0,
            ending: None,
            orphaned: false,
        }
    }

    pub(super) fn place(&self, level: usize, site: &'static Site) -> Option<Place> {
        let block = *self.blocks.get(level)?;
        Some(Place { level, block, site })
    }

    pub(super) fn is_open(&self, place: Place) -> bool {
        self.blocks.get(place.level) == Some(&place.block)
    }

    fn is_innermost(&self, place: Place) -> bool {
        place.level + 1 == self.blocks.len()
    }

    /// Whether a block is open inside of another one.
    pub(super) fn is_nested(&self, place: Place) -> bool {
        self.blocks.len() > place.level + 1
    }

    /// Hands the connection out, unless somebody else comes first.
    pub(super) fn take(
        &mut self,
        place: Place,
        ticket: Option<u64>,
        holder: Holder,
    ) -> Result<Box<T>, Wait> {
        if !self.is_open(place) {
            return Err(Wait::Ended);
        }
        let mut waiting = self.waiting.iter();
        let first = waiting.find(|waiter| self.is_innermost(waiter.place));
        let is_first = first.is_none_or(|first| Some(first.ticket) == ticket);
        if self.ending.is_some() || !self.is_innermost(place) || !is_first {
            return Err(Wait::Turn);
        }
        let transaction = self.free.take().ok_or(Wait::Turn)?;
        self.holder = holder;
        Ok(transaction)
    }

    /// Puts somebody into the queue, or wakes another waker for who is there already.
    pub(super) fn wait(&mut self, ticket: &mut Option<u64>, place: Place, waker: &Waker) {
        let waiter = self
            .waiting
            .iter_mut()
            .find(|waiter| Some(waiter.ticket) == *ticket);
        if let Some(waiter) = waiter {
            waiter.waker.clone_from(waker);
            return;
        }
        self.tickets += 1;
        *ticket = Some(self.tickets);
        self.waiting.push_back(Waiter {
            ticket: self.tickets,
            place,
            waker: waker.clone(),
        });
    }

    pub(super) fn stop_waiting(&mut self, ticket: u64) {
        self.waiting.retain(|waiter| waiter.ticket != ticket);
    }

    /// Opens a block inside of the innermost one.
    pub(super) fn open(&mut self) -> Place {
        let level = self.blocks.len();
        self.begun += 1;
        self.blocks.push(self.begun);
        Place {
            level,
            block: self.begun,
            site: &Site::NOWHERE,
        }
    }

    /// Ends a block, and whatever is inside of it, if it is open.
    pub(super) fn end(&mut self, place: Place) {
        if self.is_open(place) {
            self.blocks.truncate(place.level);
        }
    }

    /// Ends all blocks.
    pub(super) fn end_all(&mut self) {
        self.blocks.clear();
    }

    /// Lets nobody else have the connection before the end of a block has it.
    pub(super) fn reserve(&mut self, waker: Option<&Waker>) {
        self.ending = waker.cloned();
    }

    /// Those who can go on now.
    pub(super) fn woken(&self) -> Vec<Waker> {
        let mut woken: Vec<Waker> = Vec::new();
        if self.waiting.is_empty() && self.ending.is_none() {
            return woken;
        }
        let mut first = self.free.is_some() && self.ending.is_none();
        for waiter in &self.waiting {
            let is_turn = first && self.is_innermost(waiter.place);
            if is_turn || !self.is_open(waiter.place) {
                woken.push(waiter.waker.clone());
            }
            first &= !is_turn;
        }
        if self.free.is_some() {
            woken.extend(self.ending.clone());
        }
        woken
    }
}
