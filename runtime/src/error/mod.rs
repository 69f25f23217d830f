//! The errors, and what each of them says about the data.

mod before;
mod failure;
mod holder;
mod kind;
mod reason;
mod rollback_only;

use std::fmt;
use std::panic::Location;

pub(crate) use before::{FailedBefore, TooManyGenerations};
pub use failure::{FailureKind, HandlerFailure};
pub(crate) use holder::Holder;
pub use kind::{ErrorKind, Outcome};
pub(crate) use reason::{BesideOpen, Reason, RefusedAndOpen, accepted};
pub use rollback_only::RollbackOnly;

#[cfg(any(
    feature = "sqlx-mysql",
    feature = "sqlx-postgres",
    feature = "sqlx-sqlite"
))]
use crate::drivers::sqlx::told as hidden;
use crate::site::Site;

/// A driver's error, or a deferred call's, with its type erased.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

#[doc = include_str!("../../docs/errors.md")]
pub struct Error(Box<Reason>);

impl Error {
    /// The kind of thing that went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind()
    }

    /// The fate of the data, as far as it is known.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.kind().outcome()
    }

    /// The annotated function, or the block, that did not do what it was to do; nothing where there is none, that is
    /// for [`ErrorKind::NotInTransaction`], unless it is of a [`TransactionHandle`](crate::TransactionHandle).
    #[must_use]
    pub fn site(&self) -> Option<&'static Site> {
        self.0.site()
    }

    /// The deferred calls that failed, in the order in which they ran; empty unless the kind is
    /// [`ErrorKind::Handlers`].
    #[must_use]
    pub fn failures(&self) -> &[HandlerFailure] {
        match &*self.0 {
            Reason::Handlers(_, failures) => failures,
            _ => &[],
        }
    }

    /// The place of the `before_commit!` whose call failed, where the kind is [`ErrorKind::BeforeCommit`], or of the `enqueue!`
    /// whose job was not stored, where it is [`ErrorKind::Enqueue`].
    #[must_use]
    pub fn location(&self) -> Option<&'static Location<'static>> {
        match *self.0 {
            Reason::BeforeCommit { location, .. } | Reason::Enqueue { location, .. } => {
                Some(location)
            }
            _ => None,
        }
    }

    /// Why the transaction could only be rolled back, where the kind is [`ErrorKind::RollbackOnly`].
    #[must_use]
    pub fn rollback_only(&self) -> Option<RollbackOnly> {
        match *self.0 {
            Reason::RollbackOnly(_, why) => Some(why),
            _ => None,
        }
    }

    /// Finds the `Error` that `error` is, or was caused by.
    ///
    /// For functions that return a driver's error: where that error could not stand for what
    /// happened, it carries an `Error` as its source. (A variant of your own that is
    /// `#[error(transparent)]` hides the error that it holds from such a search; match on it.)
    ///
    /// ```
    /// # use commit_on_success::{Error, Outcome};
    /// fn may_retry(error: &(dyn std::error::Error + 'static)) -> bool {
    ///     Error::find(error).is_none_or(|error| error.outcome() == Outcome::RolledBack)
    /// }
    /// # let ordinary = std::io::Error::other("disk");
    /// # assert!(may_retry(&ordinary));
    /// ```
    #[must_use]
    pub fn find<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        chain(error).find_map(|error| error.downcast_ref().or_else(|| hidden(error)))
    }

    /// The driver's own error, where it alone tells the whole story: the block did not begin, or did not commit, and
    /// this is why.
    ///
    /// For an error type that wants it as such, and for the one of an [adapter](crate::drivers::adapter).
    ///
    /// # Errors
    ///
    /// The error itself, where it is of another kind, or the driver's error of another type.
    ///
    /// ```
    /// use std::io::Error as StoreError;
    ///
    /// enum AppError {
    ///     Store(StoreError),
    ///     Transaction(commit_on_success::Error),
    /// }
    ///
    /// impl From<commit_on_success::Error> for AppError {
    ///     fn from(error: commit_on_success::Error) -> Self {
    ///         error.into_driver_error().map_or_else(Self::Transaction, Self::Store)
    ///     }
    /// }
    /// # let error = AppError::from(commit_on_success::set_rollback().unwrap_err());
    /// # assert!(matches!(error, AppError::Transaction(_)));
    /// ```
    pub fn into_driver_error<E: std::error::Error + 'static>(self) -> Result<E, Self> {
        let (reason, site, source): (fn(_, _) -> _, _, _) = match *self.0 {
            Reason::Acquire(source) => {
                return downcast(source).map_err(|source| Reason::Acquire(source).into());
            }
            Reason::Begin(site, source) => (Reason::Begin, site, source),
            Reason::NestedBegin(site, source) => (Reason::NestedBegin, site, source),
            Reason::Commit(site, source) => (Reason::Commit, site, source),
            other => return Err(other.into()),
        };
        downcast(source).map_err(|source| reason(site, source).into())
    }
}

impl From<Reason> for Error {
    #[cold]
    fn from(reason: Reason) -> Self {
        Self(Box::new(reason))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Error");
        shown.field("kind", &self.kind());
        shown.field("message", &format_args!("{self}"));
        if let Some(site) = self.site() {
            shown.field("site", &format_args!("{site}"));
        }
        if let Some(source) = std::error::Error::source(self) {
            shown.field("source", &source);
        }
        shown.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// The `Error` in one of sqlx's, which shows no source of what a database says.
#[cfg(not(any(
    feature = "sqlx-mysql",
    feature = "sqlx-postgres",
    feature = "sqlx-sqlite"
)))]
fn hidden<'e>(_: &'e (dyn std::error::Error + 'static)) -> Option<&'e Error> {
    None
}

fn downcast<E: std::error::Error + 'static>(error: BoxError) -> Result<E, BoxError> {
    match error.downcast::<BesideOpen>() {
        Ok(beside) if beside.source.is::<E>() => downcast(beside.source),
        Ok(beside) => Err(beside),
        Err(error) => error.downcast().map(|error| *error),
    }
}

/// An error, and what it was caused by.
pub(crate) fn chain<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// The error of a type that `error` is, or was caused by.
#[allow(dead_code, reason = "asked by most drivers")]
pub(crate) fn find<'e, E: std::error::Error + 'static>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e E> {
    chain(error).find_map(|error| error.downcast_ref())
}
