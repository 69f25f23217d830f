//! A transaction from its begin to its end.
//!
//! What the sync and the async scope share is here: every decision. They differ only in how they
//! wait for the driver.

mod future;
mod sync;

pub use future::{AsyncRunning, AsyncScope};
pub use sync::{Running, Scope};

use crate::context::{self, Frame, Kind, Mark};
use crate::error::{BoxError, Error, HandlerFailure, RollbackOnly};
use crate::handlers::Queue;
use crate::observer;
use crate::site::Site;
use crate::transaction::{CommitError, RollbackError, Savepoint, Session};

/// What a block is to its connection.
#[derive(Clone, Copy, Debug)]
enum Level {
    Outermost,
    Nested(Savepoint),
}

/// How far a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Begin, savepoint, commit or rollback is under way: nobody knows what the server has done.
    Between,
    /// The body may run.
    Open,
    /// Nothing is left to do.
    Closed,
}

/// How a body that returned `Ok` ends.
enum Verdict {
    Commit,
    RollBack,
    Refuse(Error),
}

/// The state of one block.
struct Unit {
    frame: Frame,
    level: Level,
    phase: Phase,
    site: &'static Site,
}

impl Unit {
    /// Looks at the connection and decides whether the block is nested.
    fn new(session: &impl Session, kind: Kind, site: &'static Site) -> Result<Self, Error> {
        let connection = session.connection_id();
        let nested = context::with_innermost_of(connection, |_| ()).is_some();
        let level = match (session.in_transaction(), nested) {
            (false, false) => Level::Outermost,
            (true, _) => Level::Nested(Savepoint::at(context::depth_of(connection))),
            (false, true) => return Err(nested_begin(site, ENCLOSING_ENDED.into())),
        };
        Ok(Self {
            frame: Frame::new(connection, kind),
            level,
            phase: Phase::Between,
            site,
        })
    }

    fn begin_failed(&self, source: BoxError) -> Error {
        match self.level {
            Level::Outermost => begin(self.site, source),
            Level::Nested(_) => nested_begin(self.site, source),
        }
    }

    fn verdict(&self) -> Verdict {
        let function = self.site.function;
        match self.frame.mark {
            Mark::Rollback => Verdict::RollBack,
            Mark::Doomed(cause) => Verdict::Refuse(Error::RollbackOnly { function, cause }),
            Mark::None if self.would_lose_calls() => Verdict::Refuse(Error::NotOwned {
                function,
                pending: self.frame.queue.len(),
            }),
            Mark::None => Verdict::Commit,
        }
    }

    /// Whether calls wait in a savepoint of a transaction that somebody else opened.
    fn would_lose_calls(&self) -> bool {
        matches!(self.level, Level::Nested(_))
            && !self.frame.queue.is_empty()
            && self.with_parent(|_| ()).is_none()
    }

    /// Runs `f` on the block around this one, on the same connection.
    fn with_parent<R>(&self, f: impl FnOnce(&mut Frame) -> R) -> Option<R> {
        context::with_innermost_of(self.frame.connection, f)
    }

    fn doom_parent(&self, cause: RollbackOnly) {
        if matches!(self.level, Level::Nested(_)) {
            self.with_parent(|parent| parent.doom(cause));
        }
    }

    /// After the release of a savepoint: its calls now wait for the block around it.
    fn hand_over(&mut self) {
        let queue = std::mem::take(&mut self.frame.queue);
        if !queue.is_empty() {
            self.with_parent(|parent| parent.queue.append(queue));
        }
    }

    fn take_queue(&mut self) -> Queue {
        std::mem::take(&mut self.frame.queue)
    }

    /// Whether a refused commit has left something to roll back.
    fn after_refusal(&mut self, refusal: &CommitError) -> Leftover {
        match refusal {
            CommitError::Refused(_) | CommitError::Aborted => {
                self.phase = Phase::Open;
                Leftover::Transaction
            }
            CommitError::RolledBack(_) | CommitError::Ended => {
                self.phase = Phase::Closed;
                self.doom_parent(RollbackOnly::SavepointLost);
                Leftover::Nothing
            }
            CommitError::Unknown(_) => Leftover::Unknown,
        }
    }

    /// What the caller is told when the commit was refused.
    fn refused(&self, refusal: CommitError) -> Error {
        let function = self.site.function;
        match refusal {
            CommitError::Refused(source) | CommitError::RolledBack(source) => {
                Error::Commit { function, source }
            }
            CommitError::Aborted => Error::Aborted { function },
            CommitError::Ended => Error::Ended { function },
            CommitError::Unknown(source) => Error::Unknown { function, source },
        }
    }

    /// Records how a rollback went, and reports a failure to whoever listens.
    fn rolled_back(&mut self, result: &Result<(), RollbackError>) {
        match result {
            Ok(()) => self.phase = Phase::Closed,
            Err(RollbackError::Ended) => {
                self.phase = Phase::Closed;
                self.doom_parent(RollbackOnly::SavepointLost);
                observer::ended_early(self.site);
            }
            Err(RollbackError::Failed(error)) => {
                self.doom_parent(RollbackOnly::SavepointLost);
                observer::rollback_failed(self.site, error);
            }
        }
    }

    /// What the caller is told when the body returned `Ok` but the block was rolled back.
    fn not_committed(
        &self,
        verdict: Option<Error>,
        rolled_back: Result<(), RollbackError>,
    ) -> Result<(), Error> {
        let function = self.site.function;
        match rolled_back {
            Ok(()) => verdict.map_or(Ok(()), Err),
            Err(RollbackError::Ended) => Err(Error::Ended { function }),
            Err(RollbackError::Failed(source)) => {
                Err(verdict.unwrap_or(Error::Rollback { function, source }))
            }
        }
    }

    fn handlers_failed(&self, failures: Vec<HandlerFailure>) -> Result<(), Error> {
        if failures.is_empty() {
            return Ok(());
        }
        let function = self.site.function;
        Err(Error::Handlers { function, failures })
    }
}

/// What a refused commit leaves on the connection.
enum Leftover {
    Transaction,
    Nothing,
    Unknown,
}

const ENCLOSING_ENDED: &str = "the enclosing transaction has already ended";

fn begin(site: &'static Site, source: BoxError) -> Error {
    let function = site.function;
    Error::Begin { function, source }
}

fn nested_begin(site: &'static Site, source: BoxError) -> Error {
    let function = site.function;
    Error::NestedBegin { function, source }
}
