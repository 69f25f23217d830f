//! MySQL and MariaDB: the savepoint that was created with the transaction is gone when the transaction
//! has ended by itself, whatever has been begun since.

use std::sync::atomic::{AtomicU32, Ordering};

use ::diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};

use super::answers::is_same;
use super::{Executor, Interrupted};
use crate::drivers::dialect::mysql::{COMMIT, PROBE, ROLLBACK};
use crate::error::BoxError;
use crate::transaction::{CommitError, RollbackError};

pub(super) async fn commit(
    executor: &mut impl Executor,
    interrupted: Interrupted,
) -> Result<(), CommitError> {
    let error = match send(executor, COMMIT, interrupted).await {
        Answer::To(Ok(())) => return Ok(()),
        Answer::To(Err(error)) => error,
        // The commit was sent, and nobody knows what is going to be said to it.
        Answer::ToSomethingElse(said) => return Err(CommitError::Unknown(said)),
    };
    let again = executor.send(PROBE).await;
    if again.is_ok() {
        return Err(CommitError::Refused(error.into()));
    }
    // After a refused `COMMIT` nothing is open; after another end, something may have been begun.
    Err(match executor.send("ROLLBACK").await {
        Ok(()) if is_same(&error, &again) => CommitError::Ended,
        Ok(()) if is_refusal(&error) => CommitError::RolledBack(error.into()),
        _ => CommitError::Unknown(error.into()),
    })
}

/// Whether it was the server that refused a `COMMIT`. Where diesel does not tell, it may be a proxy that has lost its server.
fn is_refusal(error: &DieselError) -> bool {
    matches!(
        error,
        DieselError::DatabaseError(
            DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::ReadOnlyTransaction,
            _
        )
    )
}

pub(super) async fn rollback(
    executor: &mut impl Executor,
    interrupted: Interrupted,
) -> Result<(), RollbackError> {
    match send(executor, ROLLBACK, interrupted).await {
        Answer::To(Ok(())) => return Ok(()),
        Answer::To(Err(_)) => {}
        Answer::ToSomethingElse(said) => return Err(RollbackError::Failed(said)),
    }
    match executor.send("ROLLBACK").await {
        Ok(()) => Err(RollbackError::Ended),
        Err(error) => Err(RollbackError::Failed(error.into())),
    }
}

/// Rolls back a transaction that no block has begun, so that the savepoint of one is not there.
pub(super) async fn roll_back_leftover(executor: &mut impl Executor) -> Result<(), RollbackError> {
    let rolled_back = executor.send("ROLLBACK").await;
    rolled_back.map_err(|error| RollbackError::Failed(error.into()))
}

/// The answer that came back when statements were sent.
enum Answer {
    To(QueryResult<()>),
    /// The answer to a statement whose future was dropped, or none at all.
    ToSomethingElse(BoxError),
}

/// Sends statements, in the same message with a question where the answer may be to something else.
async fn send(executor: &mut impl Executor, sql: &str, interrupted: Interrupted) -> Answer {
    if interrupted == Interrupted::Works {
        return Answer::To(executor.send(sql).await);
    }
    let question = Question::new();
    let answer = executor.send(&format!("{sql}; {}", question.sql())).await;
    if question.is_answered_by(&answer) {
        return Answer::To(Ok(()));
    }
    match answer {
        Err(error) if is_in_step(executor).await => Answer::To(Err(error)),
        Err(error) => Answer::ToSomethingElse(error.into()),
        Ok(()) => Answer::ToSomethingElse(OutOfStep.into()),
    }
}

/// Whether the next answer is to the next statement, and not to one whose future was dropped.
pub(super) async fn is_in_step(executor: &mut impl Executor) -> bool {
    let question = Question::new();
    let answer = executor.send(&question.sql()).await;
    question.is_answered_by(&answer)
}

/// A statement that fails, and has the server repeat a name that nobody has used before.
struct Question {
    name: String,
}

impl Question {
    fn new() -> Self {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        let number = ASKED.fetch_add(1, Ordering::Relaxed);
        let name = format!("commit_on_success_asks_{number}");
        Self { name }
    }

    fn sql(&self) -> String {
        format!("RELEASE SAVEPOINT {}", self.name)
    }

    fn is_answered_by(&self, answer: &QueryResult<()>) -> bool {
        match answer {
            Err(DieselError::DatabaseError(_, said)) => said.message().contains(&self.name),
            _ => false,
        }
    }
}

/// The connection may answer anything.
#[derive(Debug, thiserror::Error)]
#[error("a statement's future was dropped, and the connection now answers out of step")]
struct OutOfStep;
