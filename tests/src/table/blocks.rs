//! The annotated functions of a cell.

use std::any::Any;
use std::cell::{Cell as Slot, RefCell};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use commit_on_success::signals::{Committed, RolledBack, post_commit, post_rollback};
use commit_on_success::{commit_on_success, defer, set_rollback};
use futures_util::FutureExt as _;

use super::cells::{After, Calls, Cell, End, Level};
use super::seen::{said, text_of};
use crate::scripted::{Answer, AppError, Connection, Database, Pool, Step};

pub(super) type Payload = Box<dyn Any + Send>;

/// A cell while it runs.
pub(super) struct Run<'c> {
    pub(super) cell: &'c Cell,
    pub(super) database: Database,
    pub(super) bodies: Slot<usize>,
    /// The results of the inner block, one for each time that it ran.
    pub(super) inner: RefCell<Vec<String>>,
}

impl Run<'_> {
    /// The beginning of a body.
    fn enter(&self, name: &'static str) {
        let database = self.database.clone();
        if self.cell.calls == Calls::Some {
            let (call, handler) = (database.clone(), database.clone());
            defer!(move || call.note(&format!("call {name}")));
            let handler = move |_: &Committed| handler.note(&format!("post_commit {name}"));
            drop(post_commit().connect(handler));
        }
        let handler = move |event: &RolledBack| {
            database.note(&format!("post_rollback {name} {:?}", event.cause));
        };
        drop(post_rollback().connect(handler));
    }

    /// The end of the body under test.
    fn end(&self, connection: &mut Connection) -> Result<(), AppError> {
        match self.cell.end_of(self.bodies.get()) {
            End::SetRollback => {
                set_rollback().map_err(|_| AppError::Body("no transaction is open in a body"))
            }
            End::Err => Err(AppError::Body("body")),
            End::Transient => self.fail(connection, Answer::Conflict),
            End::Deadlock => self.fail(connection, Answer::Deadlock),
            // Unwinds as a panic does, but without a message on standard error.
            End::Panic => resume_unwind(Box::new("body")),
            End::Ok | End::TransientOnce | End::Dropped => Ok(()),
        }
    }

    fn fail(&self, connection: &mut Connection, answer: Answer) -> Result<(), AppError> {
        self.database.script(Step::Insert, answer);
        Ok(connection.insert(9)?)
    }

    async fn end_later(&self, connection: &mut Connection) -> Result<(), AppError> {
        if self.cell.end == End::Dropped {
            self.database.get_stuck().await;
        }
        self.end(connection)
    }

    /// Records what came of the inner block.
    fn saw(&self, inner: String) {
        self.inner.borrow_mut().push(inner);
    }

    /// The end of the outer body, after the inner one.
    fn go_on(&self, connection: &mut Connection) -> Result<(), AppError> {
        // The body does not mind that the connection may be gone.
        let _ = connection.insert(3);
        match self.cell.after {
            After::Fails => Err(AppError::Body("outer")),
            After::Passes | After::GoesOn => Ok(()),
        }
    }

    fn is_passed_on(&self) -> bool {
        self.cell.after == After::Passes
    }
}

fn outer(connection: &mut Connection, run: &Run<'_>) -> Result<(), AppError> {
    run.bodies.set(run.bodies.get() + 1);
    run.enter("outer");
    connection.insert(1)?;
    if run.cell.level == Level::Outermost {
        return run.end(connection);
    }
    let inner = catch_unwind(AssertUnwindSafe(|| inner(connection, run)));
    match inner {
        Err(payload) if run.is_passed_on() => resume_unwind(payload),
        Err(payload) => run.saw(text_of(&*payload)),
        Ok(result) => {
            run.saw(said(&result));
            if run.is_passed_on() {
                result?;
            }
        }
    }
    run.go_on(connection)
}

fn inner(connection: &mut Connection, run: &Run<'_>) -> Result<(), AppError> {
    match run.cell.level {
        Level::Joined => joined(connection, run),
        _ => nested(connection, run),
    }
}

#[commit_on_success]
pub(super) fn nested(connection: &mut Connection, run: &Run<'_>) -> Result<(), AppError> {
    run.enter("inner");
    connection.insert(2)?;
    run.end(connection)
}

#[commit_on_success(propagation = required)]
fn joined(connection: &mut Connection, run: &Run<'_>) -> Result<(), AppError> {
    run.enter("inner");
    connection.insert(2)?;
    run.end(connection)
}

async fn outer_later(connection: &mut Connection, run: &Run<'_>) -> Result<(), AppError> {
    run.bodies.set(run.bodies.get() + 1);
    run.enter("outer");
    connection.insert(1)?;
    if run.cell.level == Level::Outermost {
        return run.end_later(connection).await;
    }
    if run.is_passed_on() {
        let inner = inner_later(connection, run).await;
        run.saw(said(&inner));
        inner?;
    } else {
        let inner = caught(inner_later(connection, run), &run.database).await;
        run.saw(ended(inner));
    }
    run.go_on(connection)
}

async fn inner_later(connection: &mut Connection, run: &Run<'_>) -> Result<(), AppError> {
    match run.cell.level {
        Level::Joined => joined_later(connection, run).await,
        _ => nested_later(connection, run).await,
    }
}

/// Awaits a future until it panics or is stuck, and drops it then.
async fn caught<F: Future>(future: F, database: &Database) -> Option<Result<F::Output, Payload>> {
    let mut future = pin!(AssertUnwindSafe(future).catch_unwind());
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if database.is_stuck() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

#[commit_on_success]
pub(super) async fn nested_later(
    connection: &mut Connection,
    run: &Run<'_>,
) -> Result<(), AppError> {
    run.enter("inner");
    connection.insert(2)?;
    run.end_later(connection).await
}

#[commit_on_success(propagation = required)]
async fn joined_later(connection: &mut Connection, run: &Run<'_>) -> Result<(), AppError> {
    run.enter("inner");
    connection.insert(2)?;
    run.end_later(connection).await
}

#[commit_on_success]
pub(super) fn outer_lent(connection: &mut Connection, run: &Run<'_>) -> Result<(), AppError> {
    outer(connection, run)
}

#[commit_on_success(attempts = 3, backoff = Duration::ZERO)]
pub(super) fn outer_lent_thrice(
    connection: &mut Connection,
    run: &Run<'_>,
) -> Result<(), AppError> {
    outer(connection, run)
}

#[commit_on_success(connection = pool)]
pub(super) fn outer_owned(pool: &Pool, run: &Run<'_>) -> Result<(), AppError> {
    outer(connection, run)
}

#[commit_on_success(connection = pool, attempts = 3, backoff = Duration::ZERO)]
pub(super) fn outer_owned_thrice(pool: &Pool, run: &Run<'_>) -> Result<(), AppError> {
    outer(connection, run)
}

#[commit_on_success]
pub(super) async fn outer_lent_later(
    connection: &mut Connection,
    run: &Run<'_>,
) -> Result<(), AppError> {
    outer_later(connection, run).await
}

#[commit_on_success(attempts = 3, backoff = Duration::ZERO)]
pub(super) async fn outer_lent_thrice_later(
    connection: &mut Connection,
    run: &Run<'_>,
) -> Result<(), AppError> {
    outer_later(connection, run).await
}

#[commit_on_success(connection = pool)]
pub(super) async fn outer_owned_later(pool: &Pool, run: &Run<'_>) -> Result<(), AppError> {
    outer_later(connection, run).await
}

#[commit_on_success(connection = pool, attempts = 3, backoff = Duration::ZERO)]
pub(super) async fn outer_owned_thrice_later(pool: &Pool, run: &Run<'_>) -> Result<(), AppError> {
    outer_later(connection, run).await
}

/// The words for the end of a block, if it was not dropped.
pub(super) fn ended(result: Option<Result<Result<(), AppError>, Payload>>) -> String {
    match result {
        Some(Ok(result)) => said(&result),
        Some(Err(payload)) => text_of(&*payload),
        None => "dropped".to_owned(),
    }
}
