//! Whether a block whose body returned `Ok` may commit, and what its caller is told otherwise.

use super::{Level, Unit};
use crate::context::Mark;
use crate::error::{Error, HandlerFailure};
use crate::signals::Cause;
use crate::transaction::{CommitError, RollbackError};

impl Unit {
    /// Whether nothing speaks against the commit of a block whose body returned `Ok`.
    #[inline]
    pub(super) fn may_commit(&self) -> bool {
        !self.frame.is_loaded() || self.is_unobjectionable()
    }

    fn is_unobjectionable(&self) -> bool {
        matches!(self.frame.load.mark, Mark::None) && !self.would_lose_calls()
    }

    /// What speaks against the commit. With a rollback that was asked for, nothing does.
    pub(super) fn objection(&self, pending: usize) -> Option<Error> {
        let function = self.site().function;
        match self.frame.load.mark {
            Mark::Rollback => None,
            Mark::Doomed(doom) => {
                let cause = doom.into();
                Some(Error::RollbackOnly { function, cause })
            }
            Mark::None => Some(Error::NotOwned { function, pending }),
        }
    }

    /// Why a block that may not commit is rolled back.
    pub(super) fn cause(&self) -> Cause {
        match self.frame.load.mark {
            Mark::Rollback => Cause::Requested,
            Mark::Doomed(_) | Mark::None => Cause::CommitFailed,
        }
    }

    /// How many calls and handlers would run at a commit.
    pub(super) fn waiting_for_commit(&self) -> usize {
        self.frame.load.queue.waiting_for_commit()
    }

    /// Whether calls wait in a savepoint of a transaction that somebody else opened.
    pub(super) fn would_lose_calls(&self) -> bool {
        !self.level.is_outermost() && self.waiting_for_commit() > 0 && !self.has_parent()
    }

    /// Whether what could not be undone may still be committed, by whoever has opened the
    /// transaction around this block.
    pub(super) fn is_at_mercy(&self) -> bool {
        matches!(self.level, Level::Nested) && !self.has_parent()
    }

    /// What the caller is told when the commit was refused.
    pub(super) fn refused(&self, refusal: CommitError) -> Error {
        let function = self.site().function;
        match refusal {
            CommitError::Refused(source) | CommitError::RolledBack(source) => {
                Error::Commit { function, source }
            }
            CommitError::Aborted => Error::Aborted { function },
            CommitError::Ended => Error::Ended { function },
            CommitError::Unknown(source) => Error::Unknown { function, source },
        }
    }

    /// What the caller is told when the body returned `Ok` but the block was rolled back.
    pub(super) fn not_committed(
        &self,
        verdict: Option<Error>,
        rolled_back: Result<(), RollbackError>,
    ) -> Result<(), Error> {
        let function = self.site().function;
        match rolled_back {
            Ok(()) | Err(RollbackError::Disconnected(_)) => verdict.map_or(Ok(()), Err),
            Err(RollbackError::Ended) => Err(Error::Ended { function }),
            Err(RollbackError::Failed(source)) if self.is_at_mercy() => {
                Err(Error::Rollback { function, source })
            }
            Err(RollbackError::Failed(source)) => {
                Err(verdict.unwrap_or(Error::Rollback { function, source }))
            }
        }
    }

    pub(super) fn handlers_failed(&self, failures: Vec<HandlerFailure>) -> Result<(), Error> {
        if failures.is_empty() {
            return Ok(());
        }
        let function = self.site().function;
        Err(Error::Handlers { function, failures })
    }
}
