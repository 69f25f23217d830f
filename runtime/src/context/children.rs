//! Blocks inside of a block: which of them may be open at the same time.

use super::entered::STACK;
use super::frame::{Block, Children, Levels};
use super::stack::Stack;
use crate::error::RollbackOnly;
use crate::queue::MustRollBack;
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

/// Why a block cannot begin in the one around it.
#[derive(Clone, Copy)]
pub(crate) enum Refusal {
    /// Another block is open beside it.
    Crowded,
    /// The driver has opened a transaction in between.
    Grown,
    /// The one around it can only be rolled back.
    RollbackOnly(RollbackOnly),
    /// More savepoints cannot be told apart.
    TooDeep,
}

impl Enclosing {
    #[inline]
    pub(crate) fn find(connection: ConnectionId) -> Option<Self> {
        STACK.with(|stack| stack.innermost(Block::is_on(connection)).map(Self))
    }

    /// Notes that a block begins in it, whose driver counts so many levels, and returns the block's savepoint.
    #[inline]
    pub(crate) fn begin(self, child: Child, levels: Levels) -> Result<Savepoint, Refusal> {
        STACK.with(|stack| stack.child_begins(self.0, child, levels))
    }
}

/// Notes that a block with a savepoint begins in the block on top of the stack, as [`Enclosing::begin`] does, if that is on the
/// connection and nothing has happened in it yet, so that there is nothing else to look at.
#[inline]
pub(crate) fn nest_in_untouched(connection: ConnectionId, levels: Levels) -> Option<Savepoint> {
    STACK.with(|stack| {
        let slot = stack.top()?;
        let block = slot.block.get();
        let plain = block.is_untouched()
            && block.connection == connection
            && !block.levels.have_grown_to(levels);
        let savepoint = block.savepoint.nested().filter(|_| plain)?;
        slot.block.set(block.with_children(Children::NESTED));
        Some(savepoint)
    })
}

/// Notes that a block has ended that was inside of the innermost one of its connection.
#[inline]
pub(crate) fn child_ends(connection: ConnectionId, child: Child) {
    STACK.with(|stack| stack.child_ends(connection, child));
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
    fn owner(&self, index: usize, block: Block) -> Option<Owner> {
        if block.has_joined() {
            self.find_owner(block.connection)
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

    #[inline(never)]
    fn child_begins(
        &self,
        index: usize,
        child: Child,
        levels: Levels,
    ) -> Result<Savepoint, Refusal> {
        let block = self.block(index);
        let owner = self.owner(index, block);
        let open = owner.map(|owner| self.block(owner.index).children.count());
        if block.levels.have_grown_to(levels) {
            // Or it is the savepoint of a nested block beside this one that the driver has counted.
            let beside = open == Some(None);
            return Err(if beside {
                Refusal::Crowded
            } else {
                Refusal::Grown
            });
        }
        if block.is_loaded()
            && let Some(MustRollBack::Only(cause)) =
                self.at(index, |slot| slot.gathered.borrow().must_roll_back)
        {
            return Err(Refusal::RollbackOnly(cause));
        }
        let savepoint = block.savepoint.nested().ok_or(Refusal::TooDeep)?;
        if let (Some(owner), Some(open)) = (owner, open) {
            let open = open.ok_or(Refusal::Crowded)?;
            let children = match child {
                Child::Joined => Children::joined(open.saturating_add(1)),
                Child::Nested if open == owner.joined => Children::NESTED,
                Child::Nested => return Err(Refusal::Crowded),
            };
            self.set_children(owner, children);
        }
        Ok(savepoint)
    }

    #[inline]
    fn child_ends(&self, connection: ConnectionId, child: Child) {
        if let (Some(slot), Child::Nested) = (self.top(), child) {
            let block = slot.block.get();
            if Block::is_on(connection)(block) && !block.has_joined() {
                return slot.block.set(block.with_children(Children::NONE));
            }
        }
        self.any_child_ends(connection, child);
    }

    #[inline(never)]
    fn any_child_ends(&self, connection: ConnectionId, child: Child) {
        let Some(index) = self.innermost(Block::is_on(connection)) else {
            return;
        };
        let Some(owner) = self.owner(index, self.block(index)) else {
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
