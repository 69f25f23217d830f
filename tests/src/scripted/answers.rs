//! The steps that a script can answer, the answers, and the errors that come of them.

use commit_on_success::{BoxError, CommitError, RollbackError};

/// A step that the driver is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// A connection.
    Acquire,
    /// `BEGIN`.
    Begin,
    /// A statement of the body.
    Insert,
    /// `SAVEPOINT`.
    Savepoint,
    /// `RELEASE`.
    Release,
    /// `ROLLBACK TO`.
    RollbackTo,
    /// `COMMIT`.
    Commit,
    /// `ROLLBACK`.
    Rollback,
    /// The check of what a commit would check, in the transaction of a test.
    Check,
    /// The rollback that is queued for a future that was dropped.
    Abandon,
    /// The rollback after a step whose future was dropped.
    Recover,
}

/// The end of a step, instead of success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// Success; for a script about a later step of the same kind.
    Done,
    /// Nothing was done.
    Failed,
    /// All was done, but an error came back.
    HalfDone,
    /// A commit that leaves the transaction open.
    Refused,
    /// Nothing was done because of another transaction: worth another attempt.
    Conflict,
    /// The database has rolled the whole transaction back because of another one: worth another attempt.
    Deadlock,
    /// A commit of a transaction in which a statement had failed.
    Aborted,
    /// A commit that the database turned into a rollback.
    RolledBack,
    /// The transaction had ended before, and nothing of it is stored.
    Ended,
    /// The connection was gone before the step, and is gone for all that follow.
    Disconnected,
    /// The connection broke; the database has not stored anything.
    Lost,
    /// The connection broke; the database has done what it was told.
    LostButDone,
    /// The driver panics, having done nothing.
    Panic,
    /// An async step stays pending for ever, having done nothing.
    Never,
    /// An async step stays pending for ever, having done what it was told.
    NeverButDone,
}

/// The error of a scripted step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the script says {answer:?} to {step:?}")]
pub struct Scripted {
    pub(super) step: Step,
    pub(super) answer: Answer,
}

impl Scripted {
    /// The answer of the script.
    #[must_use]
    pub fn answer(self) -> Answer {
        self.answer
    }

    fn boxed(self) -> BoxError {
        Box::new(self)
    }

    pub(super) fn of_commit(self) -> CommitError {
        match self.answer {
            Answer::Aborted => CommitError::Aborted,
            Answer::RolledBack | Answer::Deadlock | Answer::Disconnected => {
                CommitError::RolledBack(self.boxed())
            }
            Answer::Ended => CommitError::Ended,
            Answer::Lost | Answer::LostButDone => CommitError::Unknown(self.boxed()),
            _ => CommitError::Refused(self.boxed()),
        }
    }

    pub(super) fn of_rollback(self) -> RollbackError {
        match self.answer {
            Answer::Ended => RollbackError::Ended,
            Answer::Disconnected => RollbackError::Disconnected(self.boxed()),
            _ => RollbackError::Failed(self.boxed()),
        }
    }

    /// The answer that `error` is, or was caused by.
    pub(super) fn answer_in<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<Answer> {
        let mut errors = std::iter::successors(Some(error), |error| error.source());
        let scripted = errors.find_map(|error| error.downcast_ref::<Self>());
        scripted.map(|scripted| scripted.answer)
    }
}
