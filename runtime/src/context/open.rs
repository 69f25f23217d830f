//! The open blocks, as code that runs in them asks for them.

use super::entered::STACK;
use super::frame::{Block, Kind};
use super::stack::Slot;
#[cfg(feature = "ambient")]
use crate::pool_id::PoolId;
use crate::queue::{Handler, Pending, Queue};
use crate::site::Site;
use crate::transaction::ConnectionId;

/// The place of an open block, as long as none begins or ends on this thread.
#[derive(Clone, Copy)]
pub(crate) struct OpenBlock(pub(super) usize);

/// The innermost open block, if there is one. One that is elsewhere may have ended.
#[inline]
pub(crate) fn innermost() -> Option<OpenBlock> {
    STACK.with(|stack| stack.innermost_open().map(OpenBlock))
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

    /// Its connection.
    #[cfg(feature = "jobs")]
    pub(crate) fn connection(self) -> ConnectionId {
        self.at(|slot| slot.block.get().connection)
    }

    /// Its identity for observers.
    pub(crate) fn id(self) -> u64 {
        self.at(|slot| slot.gathered.borrow().identity.number())
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

    /// Queues a call, and says whether the block has taken it.
    #[inline]
    pub(crate) fn try_enqueue(self, handler: Handler) -> bool {
        STACK.with(|stack| stack.try_enqueue(self.0, handler))
    }

    /// Queues a call that runs before the commit.
    pub(crate) fn enqueue_before_commit(self, handler: Handler) {
        self.at(Slot::prepare);
        self.enqueue(handler);
    }

    /// Runs `f` on what has gathered in it, unless it has ended, and says whether it has.
    pub(crate) fn change(self, f: impl FnOnce(&mut Pending)) -> bool {
        STACK.with(|stack| stack.change(self.0, f))
    }
}

#[cfg(feature = "ambient")]
/// What is around the running code, as somebody sees it who looks for an open transaction.
pub(crate) enum Around<R> {
    /// A block that is wanted, inside of so many others of its connection that have a level of their own.
    In {
        found: R,
        level: usize,
        site: &'static Site,
    },
    /// A block of which the pool is not to be looked past.
    Beside(&'static Site),
    Nothing,
}

#[cfg(feature = "ambient")]
/// Looks for a block outwards, by its connection and its pool.
#[inline]
pub(crate) fn around<R>(
    find: impl Fn(ConnectionId) -> Option<R>,
    is_beside: impl Fn(PoolId) -> bool,
) -> Around<R> {
    STACK.with(|stack| {
        for index in stack.all(Block::is_open) {
            let block = stack.block(index);
            let Block {
                connection, site, ..
            } = block;
            if let Some(found) = find(connection) {
                let has_level =
                    |block: Block| Block::is_on(connection)(block) && !block.has_joined();
                let level = stack.all(has_level).count().saturating_sub(1);
                return Around::In { found, level, site };
            }
            let pool = |slot: &Slot| slot.gathered.borrow().identity.pool();
            if block.is_loaded() && is_beside(stack.at(index, pool)) {
                return Around::Beside(site);
            }
        }
        Around::Nothing
    })
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

/// Notes that something is to be done before the innermost open block of a connection commits, if there is one.
#[cold]
pub(crate) fn prepare_innermost_of(connection: ConnectionId) {
    STACK.with(|stack| {
        if let Some(index) = stack.innermost(Block::is_on(connection)) {
            stack.at(index, Slot::prepare);
        }
    });
}

/// The identity for observers of the innermost open block of a connection; zero where there is none.
pub(crate) fn id_of_innermost_of(connection: ConnectionId) -> u64 {
    STACK.with(|stack| {
        let index = stack.innermost(Block::is_on(connection));
        index.map_or(0, |index| {
            stack.at(index, |slot| slot.gathered.borrow().identity.number())
        })
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
    if let Some(mailbox) = innermost.elsewhere() {
        return mailbox.deferred();
    }
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
    if let Some(mailbox) = innermost().and_then(OpenBlock::elsewhere) {
        return mailbox.remove(id);
    }
    STACK.with(|stack| {
        let remove = |slot: &Slot| slot.gathered.borrow_mut().queue.remove(id);
        let mut blocks = stack.all(Block::is_open);
        blocks.find_map(|index| stack.at(index, remove))
    })
}
