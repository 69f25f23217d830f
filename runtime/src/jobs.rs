//! Calls that survive the process: rows of a job queue, stored in the transaction that they belong to.
//!
//! [`enqueue!`](crate::enqueue) stores a [`Job`] in the table of [River](https://riverqueue.com), and a worker, in this process or in
//! another one, runs it once the transaction has committed: the crate `commit_on_success_worker`.

mod configured;
mod listener;

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

pub use configured::{Configured, Enqueue};
pub use listener::{Listener, on_stored};

/// A call that can be stored: its arguments, and the name under which its handler is found.
///
/// The name is written out, so that a type may be renamed while jobs of it wait. What was stored by the last release has to be
/// readable by this one: give new fields a default.
///
/// ```
/// use commit_on_success::jobs::Job;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct IndexObject {
///     id: i64,
/// }
///
/// impl Job for IndexObject {
///     const KIND: &'static str = "index_object";
/// }
/// ```
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// The name of this kind of jobs, of 1 to 127 characters.
    const KIND: &'static str;

    /// The queue that they wait in, of 1 to 127 characters.
    const QUEUE: &'static str = "default";

    /// How often one is tried before it is given up.
    const ATTEMPTS: u16 = 25;

    /// One that is not run before this time has passed.
    #[must_use]
    fn after(self, delay: Duration) -> Configured<Self> {
        Configured::new(self).after(delay)
    }

    /// One that is tried so often before it is given up.
    #[must_use]
    fn attempts(self, attempts: u16) -> Configured<Self> {
        Configured::new(self).attempts(attempts)
    }

    /// One that is run before others that are due, or after them: 1 is the first, 4 the last, and most are of 1.
    #[must_use]
    fn priority(self, priority: u8) -> Configured<Self> {
        Configured::new(self).priority(priority)
    }
}
