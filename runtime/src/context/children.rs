//! Blocks inside of a block: which of them may be open at the same time.

use super::entered::STACK;
use super::frame::{Block, Children, Levels, MustRollBack};
use super::stack::Stack;
use crate::transaction::{ConnectionId, Savepoint};

/// The block around one that begins, on the same connection: as long as nothing begins or ends on this thread.
#[derive(Clone, Copy)]
pub(crate) struct Enclosing(usize);

/// The way in which a block lives in the one around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Child {
    /// With a savepoint.
    Nested,
    /// Without one.
    Joined,
}

/// Another block is open beside the one that was to begin.
pub(crate) struct Crowded;

impl Enclosing {
    #[inline]
    pub(crate) fn find(connection: ConnectionId) -> Option<Self> {
        STACK.with(|stack| stack.innermost(Block::is_on(connection)).map(Self))
    }

    #[inline]
    fn block(self) -> Block {
        STACK.with(|stack| stack.block(self.0))
    }

    /// Its own savepoint.
    #[inline]
    pub(crate) fn savepoint(self) -> Savepoint {
        self.block().savepoint
    }

    /// The levels that the driver counted when it began.
    #[inline]
    pub(crate) fn levels(self) -> Levels {
        self.block().levels
    }

    #[inline]
    pub(crate) fn must_roll_back(self) -> Option<MustRollBack> {
        if self.block().is_loaded() {
            STACK.with(|stack| stack.at(self.0, |slot| slot.gathered.borrow().must_roll_back))
        } else {
            None
        }
    }

    /// Whether a nested block is open in it, beside which no other may begin.
    pub(crate) fn has_nested(self) -> bool {
        STACK.with(|stack| {
            let owner = stack.owner(self.0);
            owner.is_some_and(|owner| stack.block(owner.index).children == Children::NESTED)
        })
    }

    /// Notes that a block begins in it.
    #[inline]
    pub(crate) fn begin(self, child: Child) -> Result<(), Crowded> {
        STACK.with(|stack| stack.child_begins(self.0, child))
    }
}

/// Notes that a block has ended that was inside of the innermost one of its connection.
#[inline]
pub(crate) fn child_ends(connection: ConnectionId, child: Child) {
    STACK.with(|stack| {
        if let Some(index) = stack.innermost(Block::is_on(connection)) {
            stack.child_ends(index, child);
        }
    });
}

/// The frame in which the level began that the running code is at.
#[derive(Clone, Copy)]
struct Owner {
    index: usize,
    /// The number of blocks that have joined that level between it and the running code.
    joined: u16,
}

impl Stack {
    #[inline]
    fn owner(&self, index: usize) -> Option<Owner> {
        if self.block(index).has_joined() {
            self.find_owner(self.block(index).connection)
        } else {
            Some(Owner { index, joined: 0 })
        }
    }

    #[inline(never)]
    fn find_owner(&self, connection: ConnectionId) -> Option<Owner> {
        let mut blocks = self.all(Block::is_on(connection)).enumerate();
        let (joined, index) = blocks.find(|(_, index)| !self.block(*index).has_joined())?;
        let joined = u16::try_from(joined).unwrap_or(u16::MAX);
        Some(Owner { index, joined })
    }

    /// Notes that a block begins in the innermost one, which is at `index`.
    #[inline(never)]
    fn child_begins(&self, index: usize, child: Child) -> Result<(), Crowded> {
        let Some(owner) = self.owner(index) else {
            return Ok(());
        };
        let open = self.block(owner.index).children.count().ok_or(Crowded)?;
        let children = match child {
            Child::Joined => Children::joined(open.saturating_add(1)),
            Child::Nested if open == owner.joined => Children::NESTED,
            Child::Nested => return Err(Crowded),
        };
        self.set_children(owner, children);
        Ok(())
    }

    /// Notes that a block has ended in the innermost one, which is at `index`.
    #[inline(never)]
    fn child_ends(&self, index: usize, child: Child) {
        let Some(owner) = self.owner(index) else {
            return;
        };
        match (child, self.block(owner.index).children.count()) {
            (Child::Nested, _) => self.set_children(owner, Children::joined(owner.joined)),
            (Child::Joined, Some(open)) => {
                self.set_children(owner, Children::joined(open.saturating_sub(1)));
            }
            // A nested one that nobody will ever end is open inside of it.
            (Child::Joined, None) => {}
        }
    }

    #[inline]
    fn set_children(&self, owner: Owner, children: Children) {
        self.at(owner.index, |slot| {
            slot.block.set(slot.block.get().with_children(children));
        });
    }
}
