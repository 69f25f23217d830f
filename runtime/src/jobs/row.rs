//! The row of a job, as River's table has it.

use std::time::Duration;

use super::{Configured, Job};
use crate::error::BoxError;

/// What differs between the rows of jobs that are stored.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "read by the drivers that there are")]
pub struct Row {
    /// The job as JSON.
    pub(crate) args: String,
    pub(crate) kind: &'static str,
    pub(crate) queue: &'static str,
    pub(crate) max_attempts: i16,
    pub(crate) priority: i16,
    /// The milliseconds from now on in which it is not run.
    pub(crate) delay: i64,
}

/// A job that is ready to be stored, or the reason that it cannot be.
#[derive(Debug)]
pub struct Encoded {
    pub(super) kind: &'static str,
    pub(super) row: Result<Row, BoxError>,
}

impl Encoded {
    pub(crate) fn of<J: Job>(job: &Configured<J>) -> Self {
        Self {
            kind: J::KIND,
            row: Row::of(job),
        }
    }
}

/// The time after which a job may run at most: a hundred years.
const LONGEST_DELAY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl Row {
    fn of<J: Job>(configured: &Configured<J>) -> Result<Self, BoxError> {
        let Configured {
            job,
            delay,
            attempts,
            priority,
        } = configured;
        Ok(Self {
            args: serde_json::to_string(job)?,
            kind: named(J::KIND, "kind")?,
            queue: named(J::QUEUE, "queue")?,
            max_attempts: match i16::try_from(*attempts) {
                Ok(attempts @ 1..) => attempts,
                _ => return Err(Invalid::Attempts(*attempts).into()),
            },
            priority: match *priority {
                1..=4 => i16::from(*priority),
                _ => return Err(Invalid::Priority(*priority).into()),
            },
            delay: match i64::try_from(delay.as_millis()) {
                Ok(millis) if *delay <= LONGEST_DELAY => millis,
                _ => return Err(Invalid::Delay(*delay).into()),
            },
        })
    }
}

/// A name as River's tables allow it.
fn named(name: &'static str, what: &'static str) -> Result<&'static str, Invalid> {
    if (1..128).contains(&name.chars().count()) {
        Ok(name)
    } else {
        Err(Invalid::Name { what, name })
    }
}

/// Why a job cannot be stored at all.
#[derive(Debug, thiserror::Error)]
enum Invalid {
    #[error("the {what} `{name}` of a job has to have 1 to 127 characters")]
    Name {
        what: &'static str,
        name: &'static str,
    },
    #[error("a job is tried 1 to 32767 times, and not {0}")]
    Attempts(u16),
    #[error("the priority of a job is 1, 2, 3 or 4, and not {0}")]
    Priority(u8),
    #[error("a job runs within a hundred years, and not after {0:?}")]
    Delay(Duration),
}

/// The error of a connection to a database that has no table for jobs.
#[derive(Debug, thiserror::Error)]
#[error("jobs are stored on PostgreSQL and SQLite, and not on {0}")]
#[allow(dead_code, reason = "some drivers know their database when they run")]
pub(crate) struct Unsupported(pub(crate) &'static str);
