//! Runs what is due on the connection of a test.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use super::job::{Attempt, Attempts, StoredJob};
use super::table::Table;
use crate::drain::array;
use crate::{BoxError, Error, Handlers};

pub(super) async fn run<T: Table>(table: &mut T, handlers: &Handlers) -> Result<Attempts, Error> {
    handlers.check()?;
    let kinds = array(handlers.kinds());
    let queues = array(handlers.queues().collect());
    let mut attempts: Vec<Attempt> = Vec::new();
    loop {
        table.change(T::STATEMENTS.release, &[&kinds]).await?;
        let due = table.jobs(T::STATEMENTS.due, &[&kinds, &queues]).await?;
        // A job that has failed is not tried again, however long the others take.
        let has_run = |job: &StoredJob| attempts.iter().any(|tried| tried.job.id() == job.id());
        let Some(job) = due.into_iter().find(|job| !has_run(job)) else {
            return Ok(Attempts(attempts));
        };
        attempts.push(attempt(table, handlers, job).await?);
    }
}

async fn attempt<T: Table>(
    table: &mut T,
    handlers: &Handlers,
    job: StoredJob,
) -> Result<Attempt, Error> {
    let id = job.id().to_string();
    table.change(T::STATEMENTS.claim, &[&id]).await?;
    let result = call(handlers, &job).await;
    match &result {
        Ok(()) => table.change(T::STATEMENTS.complete, &[&id]).await?,
        Err(error) => {
            let said = [&*id, &format!("{error}")];
            table.change(T::STATEMENTS.fail, &said).await?;
        }
    }
    Ok(Attempt { job, result })
}

/// The result of the handler, which may panic.
async fn call(handlers: &Handlers, job: &StoredJob) -> Result<(), BoxError> {
    let Some(call) = handlers.call(job.kind()) else {
        unreachable!("only kinds that have a handler are due");
    };
    let mut called = pin!(call.call(job.context(), job.args().to_string()));
    let outcome = poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| called.as_mut().poll(context)));
        polled.map_or_else(|panic| Poll::Ready(Err(panic)), |poll| poll.map(Ok))
    });
    outcome.await.unwrap_or_else(|panic| Err(of_panic(&*panic)))
}

fn of_panic(panic: &(dyn Any + Send)) -> BoxError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the handler has panicked: {}", text.unwrap_or("no text")).into()
}
