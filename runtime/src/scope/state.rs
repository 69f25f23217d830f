//! The state of one block: how far it is, and what has gathered in it. Nothing else sets the phase.

mod before;
mod told;

use super::level::{Level, Place};
use crate::context::{Frame, Identity, Kind, Levels};
use crate::event::Cause;
use crate::observer;
use crate::pool_id::PoolId;
use crate::site::Site;
use crate::transaction::{ConnectionId, Savepoint, Session};

/// The step that a block is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Begin or savepoint is under way, and perhaps done.
    Beginning,
    /// The body may run.
    Open,
    /// The commit is under way: it may be stored or not.
    Committing,
    /// Rollback is under way, and perhaps done.
    RollingBack,
    /// The block is committed, and what was deferred is running.
    Draining,
    /// The block is committed, and what a deferred call has left open is being rolled back.
    Cleaning,
    /// Nothing is left to do.
    Closed,
}

impl Phase {
    /// Whether a step of the driver is under way, from which a connection of the block may have to be recovered.
    pub(super) fn is_step_of_driver(self) -> bool {
        matches!(self, Self::Beginning | Self::Committing | Self::RollingBack)
    }
}

/// The driver's opinion of the error behind a rollback.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Diagnosis {
    /// Running the transaction again may succeed.
    pub(super) transient: bool,
    /// The database itself has rolled the transaction back.
    pub(super) rolled_back: bool,
}

impl Diagnosis {
    pub(super) fn of(session: &impl Session, error: &(dyn std::error::Error + 'static)) -> Self {
        Self {
            transient: session.is_transient(error),
            rolled_back: session.was_rolled_back_by(error),
        }
    }
}

/// The state of one block.
pub(super) struct BlockState {
    frame: Frame,
    level: Level,
    phase: Phase,
    pub(super) diagnosis: Diagnosis,
    /// Whether the body has returned an error that does not roll back.
    pub(super) keeps_error: bool,
    /// The end that handlers have yet to be told of, once the connection is given back.
    untold: Option<Untold>,
}

/// The end of a block that did not commit.
#[derive(Clone, Copy)]
pub(super) enum Untold {
    RolledBack(Cause),
    Unknown,
}

impl BlockState {
    #[inline]
    pub(super) fn at(
        (level, savepoint): Place,
        connection: ConnectionId,
        kind: Kind,
        site: &'static Site,
    ) -> Self {
        let frame = Frame::new(connection, kind, site, savepoint);
        Self {
            frame: if level == Level::Joined {
                frame.joined()
            } else {
                frame
            },
            level,
            phase: Phase::Beginning,
            diagnosis: Diagnosis::default(),
            keeps_error: false,
            untold: None,
        }
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// The savepoint of a nested block.
    pub(super) fn savepoint(&self) -> Savepoint {
        self.frame.savepoint()
    }

    pub(super) fn site(&self) -> &'static Site {
        self.frame.site()
    }

    pub(super) fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The frame, for the body to run in. Only from here on is the connection sure to stay where it is.
    #[inline]
    pub(super) fn enter(&mut self, connection: ConnectionId, levels: Option<u32>) -> &mut Frame {
        self.frame.follow(connection, Levels::of(levels));
        &mut self.frame
    }
}

/// Its way from step to step.
impl BlockState {
    /// After begin or savepoint.
    #[inline]
    pub(super) fn begun(&mut self, session: &impl Session) {
        self.phase = Phase::Open;
        let id = observer::next_id();
        let pool = session.pool();
        if id != observer::NO_TRANSACTION || pool != PoolId::NONE {
            self.introduce(Identity::of(id, pool), session);
        }
    }

    /// Gives the block an identity that somebody is there to ask for.
    #[cold]
    fn introduce(&mut self, identity: Identity, session: &impl Session) {
        self.frame.identify(identity);
        if identity.number() != observer::NO_TRANSACTION {
            observer::begun(&self.event(session.driver()));
        }
    }

    #[inline]
    pub(super) fn committing(&mut self) {
        self.phase = Phase::Committing;
    }

    /// After the commit of an outermost block.
    #[inline]
    pub(super) fn committed(&mut self) {
        self.phase = Phase::Closed;
    }

    /// After a commit that was refused, and has left the transaction open.
    pub(super) fn still_open(&mut self) {
        self.phase = Phase::Open;
    }

    /// Before a rollback. Says what was under way.
    pub(super) fn rolling_back(&mut self) -> Phase {
        std::mem::replace(&mut self.phase, Phase::RollingBack)
    }

    pub(super) fn draining(&mut self) {
        self.phase = Phase::Draining;
    }

    pub(super) fn cleaning(&mut self) {
        self.phase = Phase::Cleaning;
    }

    /// Nothing is left to do with the driver.
    #[inline]
    pub(super) fn close(&mut self) {
        if self.phase != Phase::Closed {
            self.phase = Phase::Closed;
            if self.level.is_inside() {
                self.level.leave(self.frame.connection());
            }
        }
    }

    /// Moves out, and leaves a block without anything to do.
    pub(super) fn leave_closed(&mut self) -> Self {
        let frame = self.frame.without_pending();
        let closed = Self {
            frame,
            level: self.level,
            phase: Phase::Closed,
            diagnosis: Diagnosis::default(),
            keeps_error: self.keeps_error,
            untold: None,
        };
        std::mem::replace(self, closed)
    }

    /// For another attempt.
    pub(super) fn reopen(&mut self) {
        self.phase = Phase::Beginning;
        self.untold = None;
        self.frame.pending.must_roll_back = None;
        self.frame.pending.identity = Identity::NONE;
        self.frame.prepared();
        self.diagnosis = Diagnosis::default();
    }
}
