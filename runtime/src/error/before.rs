//! The failures of calls before the commit.

use std::panic::Location;

use super::BoxError;

/// The failure of a call that was to run before the commit.
#[derive(Debug, thiserror::Error)]
#[error("the call registered at {location} failed")]
pub(crate) struct FailedBefore {
    pub(crate) location: &'static Location<'static>,
    pub(crate) source: BoxError,
}

/// The error of a call that would begin one generation too many.
#[derive(Debug, thiserror::Error)]
#[error("calls before the commit have registered others {0} times over")]
pub(crate) struct TooManyGenerations(pub(crate) usize);
