//! The failures of deferred calls.

use std::fmt;
use std::panic::Location;

use super::BoxError;

/// A deferred call, or a handler, that did not succeed. Its transaction is committed all the same.
///
/// As an error it shows the place at which the call was deferred and what went wrong.
///
/// ```
/// use commit_on_success::{Error, FailureKind};
///
/// fn report(error: &Error) {
///     for failure in error.failures() {
///         match failure.kind() {
///             FailureKind::Failed => eprintln!("deferred at {}: {failure}", failure.location()),
///             other => eprintln!("a fault in the program, {other:?}: {failure}"),
///         }
///     }
/// }
/// # report(&commit_on_success::set_rollback().unwrap_err());
/// ```
#[derive(Debug)]
pub struct HandlerFailure {
    location: &'static Location<'static>,
    manner: Manner,
}

/// The kinds of a [`HandlerFailure`].
///
/// ```
/// use std::sync::{Mutex, PoisonError};
/// use commit_on_success::events::HandlerFailed;
/// use commit_on_success::{FailureKind, Observer, add_observer, defer};
///
/// static SEEN: Mutex<Vec<FailureKind>> = Mutex::new(Vec::new());
///
/// struct Kinds;
///
/// impl Observer for Kinds {
///     fn handler_failed(&self, event: &HandlerFailed<'_>) {
///         SEEN.lock().unwrap_or_else(PoisonError::into_inner).push(event.failure.kind());
///     }
/// }
///
/// fn send() -> std::io::Result<()> {
///     Err(std::io::Error::other("no route"))
/// }
///
/// add_observer(Kinds);
/// defer!(send()); // outside of any transaction it runs at once
/// assert_eq!(*SEEN.lock().unwrap(), [FailureKind::Failed]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The call returned an error, which is the source.
    Failed,
    /// The call panicked. The panic goes on once the other calls have run, so that this one is
    /// seen by [observers](crate::Observer) only.
    Panicked,
    /// The call left a transaction open on the connection. It was rolled back; where that failed, the connection was
    /// given up, and the source says why.
    BadlyBehaved,
    /// The future was dropped after its commit and no runtime was there to await the call, so it
    /// did not run. Seen by [observers](crate::Observer) only.
    Lost,
    /// The call was deferred through a [`TransactionHandle`](crate::TransactionHandle) whose block had ended already, so it did
    /// not run. Seen by [observers](crate::Observer) only.
    Refused,
}

#[derive(Debug)]
enum Manner {
    Failed(BoxError),
    Panicked(String),
    BadlyBehaved(Option<BoxError>),
    Lost,
    Refused,
}

impl HandlerFailure {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self.manner {
            Manner::Failed(_) => FailureKind::Failed,
            Manner::Panicked(_) => FailureKind::Panicked,
            Manner::BadlyBehaved(_) => FailureKind::BadlyBehaved,
            Manner::Lost => FailureKind::Lost,
            Manner::Refused => FailureKind::Refused,
        }
    }

    /// The place at which the call was deferred.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    pub(crate) fn failed(location: &'static Location<'static>, error: BoxError) -> Self {
        let manner = Manner::Failed(error);
        Self { location, manner }
    }

    pub(crate) fn panicked(location: &'static Location<'static>, message: String) -> Self {
        let manner = Manner::Panicked(message);
        Self { location, manner }
    }

    pub(crate) fn badly_behaved(
        location: &'static Location<'static>,
        rollback: Option<BoxError>,
    ) -> Self {
        let manner = Manner::BadlyBehaved(rollback);
        Self { location, manner }
    }

    pub(crate) fn lost(location: &'static Location<'static>) -> Self {
        let manner = Manner::Lost;
        Self { location, manner }
    }

    pub(crate) fn refused(location: &'static Location<'static>) -> Self {
        let manner = Manner::Refused;
        Self { location, manner }
    }
}

impl fmt::Display for HandlerFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the call deferred at {} ", self.location)?;
        match &self.manner {
            Manner::Failed(error) => write!(formatter, "failed: {error}"),
            Manner::Panicked(message) => write!(formatter, "panicked: {message}"),
            Manner::BadlyBehaved(None) => {
                formatter.write_str("left a transaction open, which was rolled back")
            }
            Manner::BadlyBehaved(Some(error)) => write!(
                formatter,
                "left a transaction open, which could not be rolled back: {error}"
            ),
            Manner::Lost => formatter.write_str("was lost: nobody was left to await it"),
            Manner::Refused => formatter.write_str("was refused: its block had ended already"),
        }
    }
}

impl std::error::Error for HandlerFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.manner {
            Manner::Failed(error) | Manner::BadlyBehaved(Some(error)) => Some(&**error),
            Manner::Panicked(_) | Manner::BadlyBehaved(None) | Manner::Lost | Manner::Refused => {
                None
            }
        }
    }
}
