//! The frame of a block: all that others may ask of it while its body runs.

use super::identity::Identity;
use crate::queue::Pending;
use crate::site::Site;
use crate::transaction::{ConnectionId, Savepoint};

/// The form of the body of a frame.
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

/// The kind of a frame, and what has become of it, in one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flags(u8);

impl Flags {
    const KIND: u8 = 0b11;
    /// Something has gathered in the slot, and moves with the frame.
    const LOADED: u8 = 0b100;
    /// The children are others than when the frame was put on the stack.
    const CHANGED: u8 = 0b1000;
    /// There were children then.
    const HAD_CHILDREN: u8 = 0b1_0000;
    /// The body has panicked.
    const PANICKED: u8 = 0b10_0000;
    /// Something that has gathered is to be done before the commit.
    const UNPREPARED: u8 = 0b100_0000;
    /// The block that takes what gathers may be on another thread.
    const AWAY: u8 = 0b1000_0000;

    const fn of(kind: Kind) -> Self {
        Self(match kind {
            Kind::Sync => 0,
            Kind::Async => 1,
            Kind::Capture => 2,
            Kind::Barrier => 3,
        })
    }

    fn kind(self) -> Kind {
        match self.0 & Self::KIND {
            0 => Kind::Sync,
            1 => Kind::Async,
            2 => Kind::Capture,
            _ => Kind::Barrier,
        }
    }

    fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }
}

/// The blocks that are open inside of one, in the same transaction and at the same level.
///
/// A savepoint keeps everything that is written after it, whoever writes, so that two of them beside each other, or one
/// beside a block that has joined, would undo and keep each other's rows. There is one nested block at a time, or any number
/// of joined ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Children(u16);

impl Children {
    pub(super) const NONE: Self = Self(0);
    /// One that is nested, perhaps inside of joined ones.
    pub(super) const NESTED: Self = Self(u16::MAX);
    /// Of a block that has joined: they are counted where its level began.
    pub(super) const COUNTED_ABOVE: Self = Self(u16::MAX - 1);
    const MOST_JOINED: u16 = u16::MAX - 2;

    /// So many joined ones.
    pub(super) fn joined(count: u16) -> Self {
        Self(count.min(Self::MOST_JOINED))
    }

    /// Counts the joined ones, unless one is nested.
    pub(super) fn count(self) -> Option<u16> {
        (self.0 <= Self::MOST_JOINED).then_some(self.0)
    }
}

/// The levels that a driver has counted when a block began, itself included; more than 254 are one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Levels(u8);

impl Levels {
    const UNKNOWN: Self = Self(0);

    pub(crate) fn of(counted: Option<u32>) -> Self {
        match counted {
            None => Self::UNKNOWN,
            Some(levels) => Self(u8::try_from(levels.saturating_add(1)).unwrap_or(u8::MAX)),
        }
    }

    /// Whether the driver counts more now than it did then.
    pub(crate) fn have_grown_to(self, now: Self) -> bool {
        self != Self::UNKNOWN && now.0 > self.0
    }
}

/// The facts of a block while its body runs: three words, which are copied with each poll.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) connection: ConnectionId,
    pub(super) site: &'static Site,
    pub(super) savepoint: Savepoint,
    pub(super) children: Children,
    pub(super) levels: Levels,
    flags: Flags,
}

impl Block {
    pub(super) const BARRIER: Self = Self::new(
        ConnectionId::new(0),
        Kind::Barrier,
        &Site::NOWHERE,
        Savepoint::OUTERMOST,
    );

    /// Hides the frames below it, and stands for a block whose body is elsewhere.
    pub(super) const AWAY: Self = Self {
        flags: Flags(Self::BARRIER.flags.0 | Flags::AWAY),
        ..Self::BARRIER
    };

    const fn new(
        connection: ConnectionId,
        kind: Kind,
        site: &'static Site,
        savepoint: Savepoint,
    ) -> Self {
        Self {
            connection,
            site,
            savepoint,
            children: Children::NONE,
            levels: Levels::UNKNOWN,
            flags: Flags::of(kind),
        }
    }

    pub(super) fn kind(self) -> Kind {
        self.flags.kind()
    }

    /// The number of blocks around it on its connection.
    pub(super) fn depth(self) -> usize {
        usize::from(self.savepoint.depth())
    }

    /// Whether it is an open transaction, or a part of one.
    pub(super) fn is_open(self) -> bool {
        matches!(self.kind(), Kind::Sync | Kind::Async)
    }

    /// The same, with its body elsewhere.
    pub(super) fn away(self) -> Self {
        Self {
            connection: ConnectionId::new(0),
            ..self
        }
    }

    /// Whether it stands for one whose body is elsewhere.
    pub(super) fn is_away(self) -> bool {
        self.flags.has(Flags::AWAY)
    }

    /// Whether calls that are registered now are for it, or for the one that it stands for.
    pub(super) fn takes_calls(self) -> bool {
        self.is_open() || self.is_away()
    }

    pub(super) fn is_on(connection: ConnectionId) -> impl Fn(Self) -> bool {
        move |block| block.is_open() && block.connection == connection
    }

    /// Whether it is open, nothing has gathered in it, and no block is open inside of it.
    #[inline]
    pub(super) fn is_untouched(self) -> bool {
        let flags = self.flags.0 & !(Flags::CHANGED | Flags::HAD_CHILDREN);
        self.children == Children::NONE && flags <= Kind::Async as u8
    }

    pub(super) fn is_capture(self) -> bool {
        self.kind() == Kind::Capture
    }

    /// Whether it has joined the block around it, and has no level of its own.
    pub(super) fn has_joined(self) -> bool {
        self.children == Children::COUNTED_ABOVE
    }

    /// Whether something has gathered in its slot. Where nothing has, what it had before stays where it is.
    #[inline]
    pub(super) fn is_loaded(self) -> bool {
        self.flags.has(Flags::LOADED)
    }

    /// Whether its slot knows something that its frame does not.
    #[inline]
    pub(super) fn has_news(self) -> bool {
        self.flags.has(Flags::LOADED | Flags::CHANGED)
    }

    pub(super) fn loaded(self) -> Self {
        self.with(Flags::LOADED)
    }

    /// With something that is to be done before the commit.
    pub(super) fn unprepared(self) -> Self {
        self.with(Flags::UNPREPARED)
    }

    pub(super) fn with_children(self, children: Children) -> Self {
        let as_before = children == Children::NONE && !self.flags.has(Flags::HAD_CHILDREN);
        let changed = if as_before { 0 } else { Flags::CHANGED };
        let flags = Flags(self.flags.0 & !Flags::CHANGED | changed);
        Self {
            children,
            flags,
            ..self
        }
    }

    /// The block as its frame keeps it, once it is off the stack.
    pub(super) fn off_the_stack(self) -> Self {
        let children = if self.children == Children::NONE {
            0
        } else {
            Flags::HAD_CHILDREN
        };
        let flags = Flags(self.flags.0 & !(Flags::CHANGED | Flags::HAD_CHILDREN) | children);
        Self { flags, ..self }
    }

    pub(super) fn panicked(self) -> Self {
        self.with(Flags::PANICKED)
    }

    fn with(self, flag: u8) -> Self {
        let flags = Flags(self.flags.0 | flag);
        Self { flags, ..self }
    }
}

/// The frame of one block, where its scope keeps it.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(super) block: Block,
    pub(crate) pending: Pending,
}

impl Frame {
    pub(crate) const fn new(
        connection: ConnectionId,
        kind: Kind,
        site: &'static Site,
        savepoint: Savepoint,
    ) -> Self {
        Self {
            block: Block::new(connection, kind, site, savepoint),
            pending: Pending::EMPTY,
        }
    }

    /// The same frame, in which nothing has gathered.
    pub(crate) const fn without_pending(&self) -> Self {
        Self {
            block: self.block,
            pending: Pending::EMPTY,
        }
    }

    /// Of a block that has joined the one around it.
    pub(crate) fn joined(mut self) -> Self {
        self.block.children = Children::COUNTED_ABOVE;
        self
    }

    pub(crate) fn connection(&self) -> ConnectionId {
        self.block.connection
    }

    pub(crate) fn site(&self) -> &'static Site {
        self.block.site
    }

    pub(crate) fn depth(&self) -> usize {
        self.block.depth()
    }

    /// The savepoint of a nested block.
    pub(crate) fn savepoint(&self) -> Savepoint {
        self.block.savepoint
    }

    pub(crate) fn kind(&self) -> Kind {
        self.block.kind()
    }

    /// Whether its body has panicked.
    pub(crate) fn has_panicked(&self) -> bool {
        self.block.flags.has(Flags::PANICKED)
    }

    /// Whether anything has gathered in it.
    #[inline]
    pub(crate) fn is_loaded(&self) -> bool {
        self.block.is_loaded()
    }

    /// Whether something that has gathered in it is to be done before the commit.
    pub(crate) fn is_unprepared(&self) -> bool {
        self.block.flags.has(Flags::UNPREPARED)
    }

    /// Nothing is to be done before the commit any more.
    pub(crate) fn prepared(&mut self) {
        self.block.flags.0 &= !Flags::UNPREPARED;
    }

    /// Gives it an identity, which moves with whatever else gathers in it.
    pub(crate) fn identify(&mut self, identity: Identity) {
        self.pending.identity = identity;
        self.block = self.block.loaded();
    }

    /// Follows a connection that was moved, and remembers how many levels its driver counts.
    #[inline]
    pub(crate) fn follow(&mut self, connection: ConnectionId, levels: Levels) {
        self.block.connection = connection;
        self.block.levels = levels;
    }
}
