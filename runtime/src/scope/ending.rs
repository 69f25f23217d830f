//! The ends of attempts.

use crate::error::Error;

/// The error of a body, where there is one that can be looked at.
pub(super) type ErrorRef<'e> = Option<&'e (dyn std::error::Error + 'static)>;

/// The end of an attempt.
pub(super) enum Ending {
    /// There is no other.
    Over(Result<(), Error>),
    /// Another one has begun.
    Again,
}
