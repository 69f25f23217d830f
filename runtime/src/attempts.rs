//! Running a transaction again that failed only because of others.

use std::time::Duration;

use crate::options::Options;

mod backoff;

pub use backoff::Backoff;

/// Counts the attempts of one call.
#[derive(Debug)]
pub struct Attempts {
    options: Options,
    failed: u32,
    backoff: Backoff,
}

impl Attempts {
    /// Allows as many attempts as the options say, each of which is begun with these options.
    pub fn new(options: Options, backoff: impl Into<Backoff>) -> Self {
        Self {
            options,
            failed: 0,
            backoff: backoff.into(),
        }
    }

    /// Counts the attempts of a begin alone.
    pub(crate) fn of_begin(options: Options) -> Self {
        Self::new(options, Backoff::default())
    }

    /// The options that each attempt is begun with.
    #[must_use]
    pub fn options(&self) -> Options {
        self.options
    }

    /// Takes another attempt, if one is left.
    pub(crate) fn again(&mut self) -> bool {
        let again = self.failed + 1 < self.options.attempts.get();
        if again {
            self.failed += 1;
        }
        again
    }

    /// The time to wait before the attempt that was taken.
    pub(crate) fn pause(&self) -> Duration {
        self.backoff.pause(self.failed)
    }

    pub(crate) async fn pause_async(&self) {
        futures_timer::Delay::new(self.pause()).await;
    }
}
