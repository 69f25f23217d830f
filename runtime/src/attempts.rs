//! Running a transaction again that failed only because of others.

use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use crate::options::Options;

/// How long to wait before each further attempt: twice as long as before the last one, up to a limit,
/// times a random factor between zero and one, so that those who collided do not collide again.
///
/// A [`Duration`] converts into the backoff that begins with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    base: Duration,
    limit: Duration,
}

impl Default for Backoff {
    /// Begins with ten milliseconds, and waits for at most a second.
    fn default() -> Self {
        Self::new(Duration::from_millis(10))
    }
}

impl Backoff {
    /// Begins with `base`, and waits for at most a hundred times as long.
    #[must_use]
    pub const fn new(base: Duration) -> Self {
        Self {
            base,
            limit: base.saturating_mul(100),
        }
    }

    /// Waits for at most `limit`.
    #[must_use]
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// How long to wait before the attempt after `failed` ones, at most.
    fn longest(&self, failed: u32) -> Duration {
        let doubled = 1_u32
            .checked_shl(failed.saturating_sub(1))
            .unwrap_or(u32::MAX);
        self.base.saturating_mul(doubled).min(self.limit)
    }
}

impl From<Duration> for Backoff {
    fn from(base: Duration) -> Self {
        Self::new(base)
    }
}

/// Counts the attempts of one call.
#[derive(Debug)]
pub struct Attempts {
    options: Options,
    failed: u32,
    backoff: Backoff,
}

impl Attempts {
    /// As many as the options say, each of them begun with these.
    pub fn new(options: Options, backoff: impl Into<Backoff>) -> Self {
        Self {
            options,
            failed: 0,
            backoff: backoff.into(),
        }
    }

    /// Those of a begin alone.
    pub(crate) fn of_begin(options: Options) -> Self {
        Self::new(options, Backoff::default())
    }

    /// What each of them is begun with.
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

    /// How long to wait before it.
    pub(crate) fn pause(&self) -> Duration {
        self.backoff.longest(self.failed).mul_f64(random())
    }

    pub(crate) async fn pause_async(&self) {
        futures_timer::Delay::new(self.pause()).await;
    }
}

/// Between zero and one. Every hasher of the standard library starts from a random state.
fn random() -> f64 {
    let bits = std::hash::RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(bits >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit() {
        let backoff = Backoff::new(Duration::from_millis(10)).limit(Duration::from_millis(35));
        let waits: Vec<_> = (1..=4)
            .map(|failed| backoff.longest(failed).as_millis())
            .collect();
        assert_eq!(waits, [10, 20, 35, 35]);
    }

    #[test]
    fn a_thousand_failures_do_not_overflow() {
        assert_eq!(Backoff::default().longest(1000), Duration::from_secs(1));
    }

    #[test]
    fn the_random_factor_is_a_factor() {
        assert!(
            (0..1000)
                .map(|_| random())
                .all(|factor| (0.0..=1.0).contains(&factor))
        );
    }
}
