//! The time between two attempts.

use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// The time to wait before each further attempt: twice as long as before the last one, up to a limit,
/// times a random factor between zero and one, so that those who collided do not collide again.
///
/// A [`Duration`] converts into the backoff that begins with it.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::{Backoff, commit_on_success};
/// use std::time::Duration;
///
/// const PATIENT: Backoff = Backoff::new(Duration::from_millis(50)).limit(Duration::from_secs(2));
///
/// #[commit_on_success(attempts = 5, backoff = PATIENT)]
/// fn book(conn: &mut rusqlite::Connection) -> rusqlite::Result<()> {
///     Ok(())
/// }
///
/// book(&mut rusqlite::Connection::open_in_memory()?)?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
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

    /// The time to wait before the attempt after `failed` ones.
    pub(super) fn pause(&self, failed: u32) -> Duration {
        self.longest(failed).mul_f64(random())
    }

    /// The upper bound of [`pause`](Self::pause).
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

/// A number between zero and one. Every hasher of the standard library starts from a random state.
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
    fn a_duration_is_what_the_waits_begin_with() {
        let base = Duration::from_secs(2);
        assert_eq!(Backoff::from(base).longest(1), base);
    }

    #[test]
    fn a_thousand_failures_do_not_overflow() {
        assert_eq!(Backoff::default().longest(1000), Duration::from_secs(1));
    }

    #[test]
    fn waits_are_any_part_of_the_longest() {
        let (mut short, mut long) = (0, 0);
        for _ in 0..1000 {
            let pause = Backoff::new(Duration::from_secs(2)).pause(1);
            assert!(pause <= Duration::from_secs(2), "{pause:?}");
            if pause < Duration::from_secs(1) {
                short += 1;
            } else {
                long += 1;
            }
        }
        assert!(short > 0 && long > 0, "{short} and {long}");
    }
}
