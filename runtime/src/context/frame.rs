//! What is known of an open block.

use std::panic::Location;

use crate::error::RollbackOnly;
use crate::handlers::Queue;
use crate::site::Site;
use crate::transaction::{ConnectionId, Savepoint};

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
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Mark {
    #[default]
    None,
    /// `set_rollback()` was called.
    Rollback,
    /// It can only be rolled back, and that is an error.
    Doomed(Doom),
}

/// As [`RollbackOnly`], in less room: there is some for it in every future of a transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Doom {
    NestedCancelled,
    SavepointLost,
    Joined(&'static Site),
    AsyncCall(&'static Location<'static>),
}

impl From<Doom> for RollbackOnly {
    fn from(doom: Doom) -> Self {
        match doom {
            Doom::NestedCancelled => Self::NestedCancelled,
            Doom::SavepointLost => Self::SavepointLost,
            Doom::Joined(site) => Self::Joined(site.function),
            Doom::AsyncCall(location) => Self::AsyncCall(location),
        }
    }
}

/// What is known of a block before its body runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) connection: ConnectionId,
    pub(super) site: &'static Site,
    /// How many blocks are around it on its connection.
    pub(super) depth: u32,
    pub(super) kind: Kind,
    /// Whether its body has left something in the load. Where it has not, the load stays where it is.
    pub(super) loaded: bool,
    /// Whether its body has panicked.
    pub(super) panicked: bool,
}

impl Block {
    pub(super) const BARRIER: Self = Self {
        connection: ConnectionId::new(0),
        site: &Site::NOWHERE,
        depth: 0,
        kind: Kind::Barrier,
        loaded: false,
        panicked: false,
    };

    pub(super) fn depth(&self) -> usize {
        // As wide as an address on whatever has threads.
        self.depth as usize
    }

    /// Whether it is an open transaction, or a part of one.
    pub(super) fn is_open(self) -> bool {
        matches!(self.kind, Kind::Sync | Kind::Async)
    }

    pub(super) fn is_on(connection: ConnectionId) -> impl Fn(Self) -> bool {
        move |block| block.is_open() && block.connection == connection
    }

    pub(super) fn is_capture(self) -> bool {
        self.kind == Kind::Capture
    }
}

/// What gathers while a body runs.
#[derive(Debug, Default)]
pub(crate) struct Load {
    pub(crate) mark: Mark,
    pub(crate) queue: Queue,
}

impl Load {
    pub(super) const EMPTY: Self = Self {
        mark: Mark::None,
        queue: Queue::new(),
    };

    pub(crate) fn request_rollback(&mut self) {
        if matches!(self.mark, Mark::None) {
            self.mark = Mark::Rollback;
        }
    }

    /// The first cause stays: it is the one that the user has to look at.
    pub(crate) fn doom(&mut self, cause: Doom) {
        if !matches!(self.mark, Mark::Doomed(_)) {
            self.mark = Mark::Doomed(cause);
        }
    }
}

/// What is known of one open block.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(super) block: Block,
    pub(crate) load: Load,
}

impl Frame {
    pub(crate) const fn new(
        connection: ConnectionId,
        kind: Kind,
        site: &'static Site,
        depth: u32,
    ) -> Self {
        Self {
            block: Block {
                connection,
                site,
                depth,
                kind,
                loaded: false,
                panicked: false,
            },
            load: Load::EMPTY,
        }
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
        Savepoint::at(self.block.depth)
    }

    /// Whether its body has panicked.
    pub(crate) fn has_panicked(&self) -> bool {
        self.block.panicked
    }

    /// Whether anything has gathered in it.
    pub(crate) fn is_loaded(&self) -> bool {
        self.block.loaded
    }

    /// Follows a connection that was moved.
    pub(crate) fn follow(&mut self, connection: ConnectionId) {
        self.block.connection = connection;
    }
}
