//! The row of a job whose attempt has failed, as River would leave it.

use std::error::Error;
use std::fmt::Write as _;

use riverqueue::jiff::Timestamp;
use riverqueue::{AttemptError, JobCancelError, serde_json};

use super::StoredJob;
use crate::BoxError;

/// The delay up to which River does not wait for the elected worker to make a job available again.
const SOON: i64 = 5;

/// The columns of a row whose attempt has failed.
pub(super) struct Failed {
    pub(super) state: &'static str,
    /// The new element of its errors.
    pub(super) error: String,
    /// The time until the next attempt, if there is one.
    pub(super) seconds: i64,
}

impl Failed {
    pub(super) fn of(job: &StoredJob, began: Timestamp, error: &BoxError) -> Self {
        let seconds = (i64::from(job.errors) + 1).saturating_pow(4);
        let state = if JobCancelError::is_in_chain(&**error) {
            "cancelled"
        } else if job.context().is_last_attempt() {
            "discarded"
        } else if seconds <= SOON {
            "available"
        } else {
            "retryable"
        };
        let error = AttemptError::new(began, job.next_attempt(), chain(&**error));
        Self {
            state,
            error: serde_json::json!(error).to_string(),
            seconds,
        }
    }
}

/// An error and its sources. One whose words end with those of its source is cut before them.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut said = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        next = error.source();
        let words = error.to_string();
        let own = next.and_then(|source| without(&words, &source.to_string()));
        let own = own.unwrap_or(&words);
        // The last one is said in any case.
        if next.is_none() || !own.is_empty() {
            let colon = if said.is_empty() { "" } else { ": " };
            let _ = write!(said, "{colon}{own}");
        }
    }
    said
}

/// The words before those of a source, if they are the last ones.
fn without<'w>(words: &'w str, source: &str) -> Option<&'w str> {
    match words.strip_suffix(source)? {
        "" => Some(""),
        own => own.strip_suffix(": "),
    }
}
