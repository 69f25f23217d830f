//! Blocks inside of a block: which of them may be open at the same time.

use super::frame::{Block, Children, Levels, MustRollBack};
use super::stack::Stack;
use crate::transaction::{ConnectionId, Savepoint};

/// The block around one that begins, on the same connection.
#[derive(Clone, Copy)]
pub(crate) struct Enclosing {
    /// Its own savepoint.
    pub(crate) savepoint: Savepoint,
    pub(crate) must_roll_back: Option<MustRollBack>,
    /// The levels that the driver counted when it began.
    pub(crate) levels: Levels,
}

/// How a block lives in the one around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Child {
    /// With a savepoint.
    Nested,
    /// Without one.
    Joined,
}

/// Another block is open beside the one that was to begin.
pub(crate) struct Crowded;

/// The frame in which the level began that the running code is at.
struct Owner {
    index: usize,
    /// How many blocks have joined that level between it and the running code.
    joined: u16,
}

impl Stack {
    #[inline(never)]
    pub(super) fn enclosing(&self, connection: ConnectionId) -> Option<Enclosing> {
        let index = self.innermost(Block::is_on(connection))?;
        Some(self.at(index, |slot| Enclosing {
            savepoint: slot.block.get().savepoint,
            must_roll_back: slot.gathered.borrow().must_roll_back,
            levels: slot.block.get().levels,
        }))
    }

    fn owner(&self, connection: ConnectionId) -> Option<Owner> {
        let mut joined = 0;
        for index in self.all(Block::is_on(connection)) {
            if !self.block(index).has_joined() {
                return Some(Owner { index, joined });
            }
            joined += 1;
        }
        None
    }

    /// Notes that a block begins inside of the innermost one of its connection.
    pub(super) fn child_begins(
        &self,
        connection: ConnectionId,
        child: Child,
    ) -> Result<(), Crowded> {
        let Some(owner) = self.owner(connection) else {
            return Ok(());
        };
        let open = self.block(owner.index).children.count().ok_or(Crowded)?;
        let children = match child {
            Child::Joined => Children::joined(open.saturating_add(1)),
            Child::Nested if open == owner.joined => Children::NESTED,
            Child::Nested => return Err(Crowded),
        };
        self.set_children(owner.index, children);
        Ok(())
    }

    /// Notes that it has ended.
    pub(super) fn child_ends(&self, connection: ConnectionId, child: Child) {
        let Some(owner) = self.owner(connection) else {
            return;
        };
        match (child, self.block(owner.index).children.count()) {
            (Child::Nested, _) => self.set_children(owner.index, Children::joined(owner.joined)),
            (Child::Joined, Some(open)) => {
                self.set_children(owner.index, Children::joined(open.saturating_sub(1)));
            }
            // A nested one that nobody will ever end is open inside of it.
            (Child::Joined, None) => {}
        }
    }

    fn set_children(&self, index: usize, children: Children) {
        self.at(index, |slot| {
            slot.block.set(slot.block.get().with_children(children));
        });
    }
}
