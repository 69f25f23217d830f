//! Jobs as tests see them.

use std::ops::Deref;

use commit_on_success::jobs::Job;
use riverqueue::serde_json::{self, Value};

use super::table::Columns;
use crate::handlers::decode;
use crate::{BoxError, Context, Error};

/// A job that waits, or has run in a test. An example is in the [module](super).
#[derive(Clone, Debug, PartialEq)]
pub struct StoredJob {
    id: i64,
    kind: String,
    queue: String,
    json: String,
    args: Value,
    attempt: i32,
    attempts: i32,
    pub(super) errors: i32,
    is_scheduled: bool,
}

impl StoredJob {
    pub(super) fn of(row: Columns) -> Result<Self, Error> {
        let (id, kind, queue, json, attempt, attempts, errors, is_scheduled) = row;
        let args = serde_json::from_str(&json)
            .map_err(|error| Error::Database(sqlx::Error::Decode(error.into())))?;
        Ok(Self {
            id,
            kind,
            queue,
            json,
            args,
            attempt,
            attempts,
            errors,
            is_scheduled,
        })
    }

    /// The number of its row.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Its [`Job::KIND`].
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its [`Job::QUEUE`].
    #[must_use]
    pub fn queue(&self) -> &str {
        &self.queue
    }

    /// The JSON that is stored.
    #[must_use]
    pub fn args(&self) -> &Value {
        &self.args
    }

    /// The number of attempts that had begun when it was looked at.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt.unsigned_abs()
    }

    /// The number of attempts after which it is given up.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.unsigned_abs()
    }

    /// Whether it is to wait: it was stored with a delay, or has failed, and that time is not over.
    #[must_use]
    pub fn is_scheduled(&self) -> bool {
        self.is_scheduled
    }

    /// The job, as its handler gets it.
    ///
    /// # Errors
    ///
    /// [`Error::OtherKind`], and [`Error::Arguments`] where the JSON is not that of the type.
    pub fn decode<J: Job>(&self) -> Result<J, Error> {
        if self.kind != J::KIND {
            return Err(Error::OtherKind {
                found: self.kind.clone(),
                expected: J::KIND,
            });
        }
        decode(&self.json)
    }

    /// That of the attempt which begins.
    pub(super) fn context(&self) -> Context {
        Context::of_attempt(self.id, self.next_attempt(), self.attempts)
    }

    pub(super) fn next_attempt(&self) -> i32 {
        self.attempt + 1
    }

    /// The JSON, to the letter.
    pub(super) fn json(&self) -> &str {
        &self.json
    }
}

/// One call of a handler, and its result: an element of [`Attempts`].
#[derive(Debug)]
pub struct Attempt {
    pub(super) job: StoredJob,
    pub(super) result: Result<(), BoxError>,
}

impl Attempt {
    /// The job, as it was before.
    #[must_use]
    pub fn job(&self) -> &StoredJob {
        &self.job
    }

    /// The error that the handler has returned; or the words of its panic.
    #[must_use]
    pub fn error(&self) -> Option<&BoxError> {
        self.result.as_ref().err()
    }
}

/// The attempts of one [`run`](super::run()), in their order; a slice of them.
#[derive(Debug)]
#[must_use = "attempts may have failed: `succeeded()?` tells"]
pub struct Attempts(pub(super) Vec<Attempt>);

impl Attempts {
    /// The jobs, if none has failed.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`] of the first one that has.
    pub fn succeeded(self) -> Result<Vec<StoredJob>, Error> {
        let jobs = self
            .0
            .into_iter()
            .map(|Attempt { job, result }| match result {
                Ok(()) => Ok(job),
                Err(source) => Err(Error::Failed {
                    id: job.id,
                    kind: job.kind,
                    source,
                }),
            });
        jobs.collect()
    }
}

impl Deref for Attempts {
    type Target = [Attempt];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
