//! Jobs, with what differs from the others of their kind.

use std::time::Duration;

use super::Job;

/// A [`Job`] that differs from the others of its kind in when and how often it is run.
///
/// ```
/// use std::time::Duration;
///
/// use commit_on_success::jobs::{Configured, Job};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize)]
/// # struct Mail {
/// #     id: i64,
/// # }
/// # impl Job for Mail {
/// #     const KIND: &'static str = "mail";
/// # }
///
/// let mail: Configured<Mail> = Mail { id: 1 }.after(Duration::from_secs(60)).attempts(3);
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "it is stored by `enqueue!`"]
pub struct Configured<J> {
    pub(super) job: J,
    pub(super) delay: Duration,
    pub(super) attempts: u16,
    pub(super) priority: u8,
}

impl<J: Job> Configured<J> {
    pub(super) fn new(job: J) -> Self {
        Self {
            job,
            delay: Duration::ZERO,
            attempts: J::ATTEMPTS,
            priority: 1,
        }
    }

    /// One that is not run before this time has passed.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// One that is tried so often before it is given up.
    pub fn attempts(self, attempts: u16) -> Self {
        Self { attempts, ..self }
    }

    /// One that is run before others that are due, or after them: 1 is the first, 4 the last, and most are of 1.
    pub fn priority(self, priority: u8) -> Self {
        Self { priority, ..self }
    }
}

/// What [`enqueue!`](crate::enqueue) stores: a [`Job`], or a [`Configured`] one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a job",
    label = "a value whose type implements `commit_on_success::jobs::Job` is wanted",
    note = "a call that need not survive the process is deferred with `defer!`"
)]
pub trait Enqueue: sealed::Sealed {
    /// The type of the job.
    type Job: Job;

    /// The job with everything that can differ.
    fn into_configured(self) -> Configured<Self::Job>;
}

impl<J: Job> Enqueue for J {
    type Job = J;

    fn into_configured(self) -> Configured<J> {
        Configured::new(self)
    }
}

impl<J: Job> Enqueue for Configured<J> {
    type Job = J;

    fn into_configured(self) -> Self {
        self
    }
}

mod sealed {
    use super::{Configured, Job};

    pub trait Sealed {}

    impl<J: Job> Sealed for J {}
    impl<J: Job> Sealed for Configured<J> {}
}
