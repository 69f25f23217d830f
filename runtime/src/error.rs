//! The errors, and what each of them says about the data.

use std::panic::Location;

use crate::site::Site;

/// A driver's error, or a deferred call's, with its type erased.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// The fate of the data, as far as it is known, when a transaction ended with an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing that the block wrote was stored.
    RolledBack,
    /// Everything was stored; what failed came after the commit.
    Committed,
    /// Nobody can know: the connection broke while `COMMIT` was in flight, or the transaction was
    /// ended by something else than this crate. Neither commit nor rollback handlers ran.
    Unknown,
}

/// Why a transaction did not do what its function asked for.
///
/// The function's own error is never replaced by one of these: an `Error` appears only where the
/// body returned `Ok` (or never ran). [`Error::outcome`] says what became of the data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection, or `BEGIN` failed. The body did not run.
    #[error("could not begin the transaction of `{function}`")]
    Begin {
        /// The annotated function.
        function: &'static str,
        /// The driver's error.
        source: BoxError,
    },
    /// The savepoint of a nested block could not be created. Its body did not run; the enclosing
    /// transaction is as it was.
    #[error("could not begin the nested transaction of `{function}`: no savepoint")]
    NestedBegin {
        /// The annotated function.
        function: &'static str,
        /// The driver's error.
        source: BoxError,
    },
    /// The database cannot honour an option. The body did not run.
    #[error("`{function}` asks for `{option}`, which {database} does not have")]
    Unsupported {
        /// The annotated function.
        function: &'static str,
        /// The option.
        option: &'static str,
        /// The database.
        database: &'static str,
    },
    /// An option that only the begin of a transaction can honour, on a block that runs inside an
    /// open one. The body did not run; the transaction is as it was.
    #[error("`{function}` asks for `{option}`, but runs inside a transaction that is already open")]
    NestedOption {
        /// The annotated function.
        function: &'static str,
        /// The option.
        option: &'static str,
    },
    /// `propagation = mandatory`, and no transaction was open on the connection. The body did not
    /// run.
    #[error(
        "`{function}` needs a transaction to be open on its connection ({driver}), and none is"
    )]
    Mandatory {
        /// The annotated function.
        function: &'static str,
        /// The driver.
        driver: &'static str,
    },
    /// `propagation = durable`, and a transaction was open on the connection. The body did not run;
    /// the transaction is as it was.
    #[error(
        "`{function}` has to be the outermost transaction, and one is already open on its connection ({driver})"
    )]
    Durable {
        /// The annotated function.
        function: &'static str,
        /// The driver.
        driver: &'static str,
    },
    /// The database refused the commit (a deferred constraint, a serialization failure, a busy
    /// file), and the block was rolled back.
    #[error("could not commit the transaction of `{function}`; it was rolled back")]
    Commit {
        /// The annotated function.
        function: &'static str,
        /// The driver's error.
        source: BoxError,
    },
    /// The body returned `Ok` although one of its statements had failed, and a database that works
    /// like PostgreSQL then stores nothing, whatever `COMMIT` answers. The block was rolled back.
    #[error(
        "the transaction of `{function}` was rolled back: a statement in it failed, and its error was not passed on"
    )]
    Aborted {
        /// The annotated function.
        function: &'static str,
    },
    /// The transaction was no longer there when it was to be committed: the body sent a `COMMIT` or
    /// `ROLLBACK` of its own, a statement committed implicitly (DDL on MySQL), or the database
    /// ended the transaction (a deadlock on MySQL, `ON CONFLICT ROLLBACK` on SQLite). Statements
    /// that followed may have been stored one by one.
    #[error(
        "the transaction of `{function}` had ended before its commit; what was stored is unknown"
    )]
    Ended {
        /// The annotated function.
        function: &'static str,
    },
    /// A block inside this one could not be undone, so this one could only be rolled back.
    #[error("the transaction of `{function}` was rolled back: {cause}")]
    RollbackOnly {
        /// The annotated function.
        function: &'static str,
        /// The reason.
        cause: RollbackOnly,
    },
    /// Another block is open beside this one, in the same transaction. A savepoint keeps and undoes whatever is written
    /// after it, so their rows could not be told apart. The body did not run; the transaction is as it was.
    #[error(
        "`{function}` was to begin beside another block that is open in the same transaction: run one after the other, or have both join it with `propagation = required`"
    )]
    Concurrent {
        /// The annotated function.
        function: &'static str,
    },
    /// Calls were deferred in a savepoint of a transaction that this crate did not open. Nobody
    /// would run them when that transaction commits, so the savepoint was rolled back.
    #[error(
        "`{function}` deferred {pending} call(s) inside a transaction that `commit_on_success` did not open; its savepoint was rolled back"
    )]
    NotOwned {
        /// The annotated function.
        function: &'static str,
        /// The number of calls that would have been lost.
        pending: usize,
    },
    /// The rollback failed, and the transaction may still be open, for whoever has the connection to commit it:
    /// [`set_rollback`](crate::set_rollback) had asked for it, or the commit was refused.
    #[error("could not roll back the transaction of `{function}`; what becomes of it is unknown")]
    Rollback {
        /// The annotated function.
        function: &'static str,
        /// The driver's error; behind a refused commit an error that names both, and has the refusal as its source.
        source: BoxError,
    },
    /// The connection broke while `COMMIT` was in flight.
    #[error("the connection broke during the commit of `{function}`; what was stored is unknown")]
    Unknown {
        /// The annotated function.
        function: &'static str,
        /// The driver's error.
        source: BoxError,
    },
    /// The transaction **is committed**; calls that it had deferred failed. The others ran.
    #[error("`{function}` was committed, but {} deferred call(s) failed: {}", failures.len(), Listed(failures))]
    Handlers {
        /// The annotated function.
        function: &'static str,
        /// Each failure, in the order in which the calls ran.
        failures: Vec<HandlerFailure>,
    },
}

impl Error {
    /// The fate of the data, as far as it is known.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Begin { .. }
            | Self::NestedBegin { .. }
            | Self::Unsupported { .. }
            | Self::NestedOption { .. }
            | Self::Mandatory { .. }
            | Self::Durable { .. }
            | Self::Commit { .. }
            | Self::Aborted { .. }
            | Self::RollbackOnly { .. }
            | Self::Concurrent { .. }
            | Self::NotOwned { .. } => Outcome::RolledBack,
            Self::Handlers { .. } => Outcome::Committed,
            Self::Ended { .. } | Self::Rollback { .. } | Self::Unknown { .. } => Outcome::Unknown,
        }
    }

    /// The deferred calls that failed; empty unless this is [`Error::Handlers`].
    #[must_use]
    pub fn failures(&self) -> &[HandlerFailure] {
        match self {
            Self::Handlers { failures, .. } => failures,
            _ => &[],
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
        find(error)
    }
}

/// The error of a type that `error` is, or was caused by.
pub(crate) fn find<'e, E: std::error::Error + 'static>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e E> {
    std::iter::successors(Some(error), |error| error.source())
        .find_map(|error| error.downcast_ref())
}

/// A commit that was refused, and whose rollback failed as well.
#[derive(Debug, thiserror::Error)]
#[error("{refusal}, and the rollback failed: {rollback}")]
pub(crate) struct RefusedAndOpen {
    #[source]
    pub(crate) refusal: Box<Error>,
    pub(crate) rollback: BoxError,
}

/// The error of a begin, while another block of the same task holds a connection: with a pool of one, or a file that only one
/// connection may write to, that is why it failed.
#[derive(Debug, thiserror::Error)]
#[error("{source}; {around} has a transaction open in the same task, on a connection of its own")]
pub(crate) struct BesideOpen {
    pub(crate) source: BoxError,
    pub(crate) around: &'static Site,
}

/// Why a transaction can only be rolled back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RollbackOnly {
    /// The future of a nested block was dropped before it ended, and its writes cannot be told
    /// from those of the block around it.
    #[error("a nested transaction was cancelled half-way")]
    NestedCancelled,
    /// The async body of a nested block panicked, the panic was caught around it, and its writes cannot be told from those
    /// of the block around it: rolling back to its savepoint would have to be awaited.
    #[error("a nested transaction panicked half-way")]
    NestedPanicked,
    /// A nested block failed, and rolling back to its savepoint failed as well.
    #[error("a nested transaction could not be rolled back to its savepoint")]
    SavepointLost,
    /// A block that had joined the transaction, without a savepoint, failed.
    #[error("`{}`, which had joined it without a savepoint, failed", .0.function)]
    Joined(&'static Site),
    /// An async call was deferred inside a transaction of a sync function, which cannot await it.
    #[error(
        "an async call was deferred at {0}, inside a transaction of a sync function that cannot await it"
    )]
    AsyncCall(&'static Location<'static>),
}

/// A deferred call that did not succeed. Its transaction is committed all the same.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandlerFailure {
    /// The call returned an error.
    #[error("the call deferred at {location} failed: {source}")]
    Failed {
        /// The place at which the call was deferred.
        location: &'static Location<'static>,
        /// The error that it returned.
        source: BoxError,
    },
    /// The call panicked. The panic goes on once the other calls have run, so that this one is
    /// seen by [observers](crate::Observer) only.
    #[error("the call deferred at {location} panicked: {message}")]
    Panicked {
        /// The place at which the call was deferred.
        location: &'static Location<'static>,
        /// The panic's message, where it has one.
        message: String,
    },
    /// The call left a transaction open on the connection. It was rolled back.
    #[error("the call deferred at {location} left a transaction open, which was rolled back")]
    BadlyBehaved {
        /// The place at which the call was deferred.
        location: &'static Location<'static>,
        /// Why the leftover could not even be rolled back, where that failed.
        rollback: Option<BoxError>,
    },
    /// The future was dropped after its commit and no runtime was there to await the call, so it
    /// did not run. Seen by [observers](crate::Observer) only.
    #[error("the call deferred at {location} was lost: nobody was left to await it")]
    Lost {
        /// The place at which the call was deferred.
        location: &'static Location<'static>,
    },
}

impl HandlerFailure {
    /// The place at which the call was deferred.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        match self {
            Self::Failed { location, .. }
            | Self::Panicked { location, .. }
            | Self::BadlyBehaved { location, .. }
            | Self::Lost { location } => location,
        }
    }
}

/// No transaction is open here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no transaction is open here")]
pub struct NotInTransaction;

/// Failures in one line, for the message of [`Error::Handlers`].
struct Listed<'f>(&'f [HandlerFailure]);

impl std::fmt::Display for Listed<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, failure) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(formatter, "{separator}{failure}")?;
        }
        Ok(())
    }
}
