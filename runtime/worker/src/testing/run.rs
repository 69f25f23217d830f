//! Runs what is due on the connection of a test.

use riverqueue::jiff::Timestamp;

use super::call::{Call, Returned, caught};
use super::failed::Failed;
use super::job::{Attempt, Attempts, StoredJob};
use super::table::Parameter::{Number, Text};
use super::table::Table;
use crate::drain::array;
use crate::{Context, Error, Handlers};

pub(super) async fn run<T: Table>(
    table: &mut T,
    handlers: &Handlers,
    call: impl AsyncFn(&Call, Context, String) -> Returned,
) -> Result<Attempts, Error> {
    handlers.check()?;
    let kinds = array(handlers.kinds());
    let queues = array(handlers.queues().collect());
    let (kinds, queues) = (Text(&kinds), Text(&queues));
    let mut attempts: Vec<Attempt> = Vec::new();
    loop {
        table.change(T::STATEMENTS.release, &[kinds]).await?;
        let due = table.jobs(T::STATEMENTS.due, &[kinds, queues]).await?;
        // A job that has failed is not tried again, however long the others take.
        let has_run = |job: &StoredJob| attempts.iter().any(|tried| tried.job.id() == job.id());
        let Some(job) = due.into_iter().find(|job| !has_run(job)) else {
            return Ok(Attempts(attempts));
        };
        let Some(handler) = handlers.call(job.kind()) else {
            unreachable!("only kinds that have a handler are due");
        };
        let began = Timestamp::now();
        table
            .change(T::STATEMENTS.claim, &[Number(job.id())])
            .await?;
        let result = caught(call(handler, job.context(), job.json().to_owned())).await;
        end(table, &job, began, &result).await?;
        attempts.push(Attempt { job, result });
    }
}

/// Writes the end of an attempt in the row, unless the handler has completed that.
async fn end<T: Table>(
    table: &mut T,
    job: &StoredJob,
    began: Timestamp,
    result: &Returned,
) -> Result<(), Error> {
    let Err(error) = result else {
        return table
            .change(T::STATEMENTS.complete, &[Number(job.id())])
            .await;
    };
    let failed = Failed::of(job, began, error);
    let (error, state) = (Text(&failed.error), Text(failed.state));
    let columns = [Number(job.id()), error, state, Number(failed.seconds)];
    table.change(T::STATEMENTS.fail, &columns).await
}
