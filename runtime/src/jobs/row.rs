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
        const {
            assert!(
                !J::KIND.is_empty() && J::KIND.len() <= LONGEST_KIND,
                "the `KIND` of a job has 1 to 127 bytes"
            );
            assert!(
                is_queue(J::QUEUE),
                "the `QUEUE` of a job has 1 to 64 bytes: words of `a` to `z` and digits, with `_`, `-` or `|` between them"
            );
        }
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
            kind: J::KIND,
            queue: J::QUEUE,
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

/// The longest name of a kind, and of a queue, that River has workers for, in bytes.
const LONGEST_KIND: usize = 127;
const LONGEST_QUEUE: usize = 64;

/// Whether River has queues of that name: words of lower-case letters and digits, with one `_`, `-` or `|` between two of them.
const fn is_queue(name: &str) -> bool {
    let name = name.as_bytes();
    let mut after_word = false;
    let mut index = 0;
    while index < name.len() {
        let is_word = matches!(name[index], b'a'..=b'z' | b'0'..=b'9');
        let is_between = after_word && matches!(name[index], b'_' | b'-' | b'|');
        if !is_word && !is_between {
            return false;
        }
        after_word = is_word;
        index += 1;
    }
    after_word && name.len() <= LONGEST_QUEUE
}

/// Why a job cannot be stored at all.
#[derive(Debug, thiserror::Error)]
enum Invalid {
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

#[cfg(test)]
mod tests {
    use super::{LONGEST_QUEUE, is_queue};

    #[test]
    fn the_names_of_queues_are_those_that_workers_have() {
        let long = "a".repeat(LONGEST_QUEUE);
        for name in ["default", "7", "a_b-c|d", &long] {
            assert!(is_queue(name), "{name}");
        }
        let longer = "a".repeat(LONGEST_QUEUE + 1);
        for name in [
            "", "_a", "a_", "a__b", "a-_b", "Mail", "a b", "ü", "a.b", &longer,
        ] {
            assert!(!is_queue(name), "{name}");
        }
    }
}
