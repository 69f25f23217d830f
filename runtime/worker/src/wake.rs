//! Has a worker look at its table at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use commit_on_success::jobs::{Listener, on_stored};
use riverqueue::{Client, QueueConfig};

/// Wakes the client whenever a transaction of this process has stored a job in one of its queues.
///
/// River has no public call for it, but looks at once when the settings of a queue change.
pub(crate) fn on_commit(client: &Client) -> Listener {
    let client = client.clone();
    let queues: HashMap<String, QueueConfig> = client.local_queues().configs();
    let turn = AtomicU32::new(0);
    on_stored(move |queue| {
        let Some(settings) = queues.get(queue) else {
            return;
        };
        // Settings that are those of the last look wake nobody: so none of many wake-ups that come at once may set what another did.
        let turn = 1 + turn.fetch_add(1, Ordering::Relaxed) % 1_000_000;
        let poll = settings.fetch_poll_interval() + Duration::from_nanos(turn.into());
        let changed = settings.clone().with_fetch_poll_interval(poll);
        // The client has this queue, and the settings are valid; should it refuse them all the same, the next poll finds the job.
        let _ = client.local_queues().update(queue, changed);
    })
}
