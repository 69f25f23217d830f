//! The settings of a worker.

use std::time::Duration;

use riverqueue::{ClientBuilder, MaintenanceConfig, QueueConfig};

/// The settings of a worker; the defaults are for jobs that end within a minute.
///
/// ```
/// use std::time::Duration;
///
/// use commit_on_success_worker::Settings;
///
/// let settings = Settings::default()
///     .workers(8)
///     .job_timeout(Duration::from_secs(600))
///     .rescue_after(Duration::from_secs(660));
/// # let _ = settings;
/// ```
#[derive(Clone, Debug)]
#[must_use = "a worker is started with it"]
pub struct Settings {
    job_timeout: Duration,
    rescue_after: Duration,
    workers: usize,
    cooldown: Duration,
    poll_interval: Duration,
    election: Election,
}

/// Whether a worker may be the one that looks after the table.
#[derive(Clone, Copy, Debug)]
enum Election {
    Stands,
    Abstains,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            job_timeout: Duration::from_mins(1),
            rescue_after: Duration::from_secs(90),
            workers: 50,
            cooldown: Duration::from_millis(2),
            poll_interval: Duration::from_secs(1),
            election: Election::Stands,
        }
    }
}

impl Settings {
    /// The time after which the future of an attempt is dropped, and the attempt has failed: 60 seconds.
    ///
    /// A handler that blocks its thread cannot be dropped, and is waited for.
    pub fn job_timeout(self, job_timeout: Duration) -> Self {
        Self {
            job_timeout,
            ..self
        }
    }

    /// The time after its start at which a running job is taken for that of a dead worker and tried again: 90 seconds. Not less than the
    /// [`job_timeout`](Self::job_timeout). (River's own default is an hour longer than the timeout.)
    pub fn rescue_after(self, rescue_after: Duration) -> Self {
        Self {
            rescue_after,
            ..self
        }
    }

    /// The number of jobs of one queue that run at once in this worker: 50.
    pub fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    /// The least time between two looks at the table: 2 milliseconds. (River's own default is 100.)
    pub fn cooldown(self, cooldown: Duration) -> Self {
        Self { cooldown, ..self }
    }

    /// The time between two looks at the table while nobody wakes the worker: a second.
    pub fn poll_interval(self, poll_interval: Duration) -> Self {
        Self {
            poll_interval,
            ..self
        }
    }

    /// Never looks after the table, which some worker has to: a worker that has not the handlers of *all* kinds must not, as it would
    /// discard the jobs of kinds that it does not know when their workers die.
    pub fn without_election(self) -> Self {
        Self {
            election: Election::Abstains,
            ..self
        }
    }

    /// The settings of one queue.
    pub(crate) fn queue(&self) -> QueueConfig {
        QueueConfig::new(self.workers).with_fetch_poll_interval(self.poll_interval)
    }

    /// A client with these settings, and no queues or handlers.
    pub(crate) fn apply(&self, client: ClientBuilder) -> ClientBuilder {
        let maintenance = MaintenanceConfig::default()
            .with_rescue_after(self.rescue_after)
            .with_rescuer_interval(self.rescuer_interval());
        let client = client
            .fetch_cooldown(self.cooldown)
            .fetch_only_known_kinds(true)
            .job_timeout(self.job_timeout)
            .maintenance(maintenance);
        match self.election {
            Election::Stands => client,
            Election::Abstains => client.without_leader_election(),
        }
    }

    /// Often enough that a dead worker's job waits a third longer than it has to, at most.
    fn rescuer_interval(&self) -> Duration {
        let often = self.rescue_after / 3;
        often.clamp(Duration::from_millis(1), Duration::from_secs(30))
    }
}
