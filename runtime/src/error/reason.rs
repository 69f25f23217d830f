//! The states that an error is made of, behind its kind.

use std::panic::Location;

use super::Holder;
use super::{BoxError, Error, ErrorKind, HandlerFailure, RollbackOnly};
use crate::site::Site;

/// The state of an error, with the block that it is of. [`ErrorKind`] documents each.
#[derive(Debug, thiserror::Error)]
#[cfg_attr(
    not(all(feature = "ambient", feature = "jobs")),
    allow(dead_code, reason = "some are errors of handles or of jobs")
)]
pub(crate) enum Reason {
    #[error("could not begin the transaction of `{}`", .0.function)]
    Begin(&'static Site, #[source] BoxError),
    #[error("could not begin the nested transaction of `{}`: no savepoint", .0.function)]
    NestedBegin(&'static Site, #[source] BoxError),
    #[error("`{}` asks for `{option}`, which {database} does not have", site.function)]
    Unsupported {
        site: &'static Site,
        option: &'static str,
        database: &'static str,
    },
    #[error("`{}` asks for `{option}`, but runs inside a transaction that is already open", site.function)]
    NestedOption {
        site: &'static Site,
        option: &'static str,
    },
    #[error("`{}` needs a transaction to be open on its connection ({driver}), and none is", site.function)]
    Mandatory {
        site: &'static Site,
        driver: &'static str,
    },
    #[error(
        "`{}` has to be the outermost transaction, and one is already open on its connection ({driver})",
        site.function
    )]
    Durable {
        site: &'static Site,
        driver: &'static str,
    },
    #[error("could not commit the transaction of `{}`; it was rolled back", .0.function)]
    Commit(&'static Site, #[source] BoxError),
    #[error(
        "the transaction of `{}` was rolled back: a statement in it failed, and its error was not passed on",
        .0.function
    )]
    Aborted(&'static Site),
    #[error("the transaction of `{}` had ended before its commit; what was stored is unknown", .0.function)]
    Ended(&'static Site),
    #[error(
        "the transaction of `{}` was rolled back: the call before its commit failed that was registered at {location}",
        site.function
    )]
    BeforeCommit {
        site: &'static Site,
        location: &'static Location<'static>,
        #[source]
        source: BoxError,
    },
    #[error("the transaction of `{}` was rolled back: {}", .0.function, .1)]
    RollbackOnly(&'static Site, RollbackOnly),
    #[error(
        "`{}` was to begin beside another block that is open in the same transaction: run one after the other, or have both join it with `propagation = required`",
        .0.function
    )]
    Concurrent(&'static Site),
    #[error(
        "`{}` deferred {pending} call(s) inside a transaction that `commit_on_success` did not open; its savepoint was rolled back",
        site.function
    )]
    NotOwned { site: &'static Site, pending: usize },
    #[error("could not roll back the transaction of `{}`; what becomes of it is unknown", .0.function)]
    Rollback(&'static Site, #[source] BoxError),
    #[error("the connection broke during the commit of `{}`; what was stored is unknown", .0.function)]
    Unknown(&'static Site, #[source] BoxError),
    #[error("`{}` was committed, but {} deferred call(s) failed: {}", .0.function, .1.len(), Listed(.1))]
    Handlers(&'static Site, Vec<HandlerFailure>),
    #[error(
        "inside `{}`, which has begun its transaction on the pool itself or on a connection of its own, a handle would be outside of it: give that block the handle as its source, or use the handle's `pool()` to be outside on purpose",
        .0.function
    )]
    BesideBlock(&'static Site),
    #[error("the connection of {} is not free: {}", Of(.0), .1.busy())]
    Busy(&'static Site, Holder),
    #[error("{} has ended, and a statement, a lease or a block that was begun in it goes on", Of(.0))]
    Outlived(&'static Site),
    #[error("the pool has no connection to lease")]
    Acquire(#[source] BoxError),
    #[error("the job `{kind}` that was enqueued at {location} was not stored")]
    Enqueue {
        kind: &'static str,
        location: &'static Location<'static>,
        #[source]
        source: BoxError,
    },
    #[error("no transaction is open here")]
    NotInTransaction,
    #[error("the block of `{}`, whose handle was to be entered, has ended", .0.function)]
    HandleEnded(&'static Site),
}

impl Reason {
    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Self::Begin(..) => ErrorKind::Begin,
            Self::NestedBegin(..) => ErrorKind::NestedBegin,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::NestedOption { .. } => ErrorKind::NestedOption,
            Self::Mandatory { .. } => ErrorKind::Mandatory,
            Self::Durable { .. } => ErrorKind::Durable,
            Self::Commit(..) => ErrorKind::Commit,
            Self::Aborted(_) => ErrorKind::Aborted,
            Self::Ended(_) => ErrorKind::Ended,
            Self::BeforeCommit { .. } => ErrorKind::BeforeCommit,
            Self::RollbackOnly(..) => ErrorKind::RollbackOnly,
            Self::Concurrent(_) => ErrorKind::Concurrent,
            Self::NotOwned { .. } => ErrorKind::NotOwned,
            Self::Rollback(..) => ErrorKind::Rollback,
            Self::Unknown(..) => ErrorKind::Unknown,
            Self::Handlers(..) => ErrorKind::Handlers,
            Self::BesideBlock(_) => ErrorKind::BesideBlock,
            Self::Busy(..) => ErrorKind::Busy,
            Self::Outlived(_) => ErrorKind::Outlived,
            Self::Acquire(_) => ErrorKind::Acquire,
            Self::Enqueue { .. } => ErrorKind::Enqueue,
            Self::NotInTransaction | Self::HandleEnded(_) => ErrorKind::NotInTransaction,
        }
    }

    pub(super) fn site(&self) -> Option<&'static Site> {
        match *self {
            Self::Begin(site, _)
            | Self::NestedBegin(site, _)
            | Self::Unsupported { site, .. }
            | Self::NestedOption { site, .. }
            | Self::Mandatory { site, .. }
            | Self::Durable { site, .. }
            | Self::Commit(site, _)
            | Self::Aborted(site)
            | Self::Ended(site)
            | Self::BeforeCommit { site, .. }
            | Self::RollbackOnly(site, _)
            | Self::Concurrent(site)
            | Self::NotOwned { site, .. }
            | Self::Rollback(site, _)
            | Self::Unknown(site, _)
            | Self::HandleEnded(site)
            | Self::Handlers(site, _)
            | Self::BesideBlock(site) => Some(site),
            Self::Busy(site, _) | Self::Outlived(site) => (*site != Site::NOWHERE).then_some(site),
            Self::Acquire(_) | Self::Enqueue { .. } | Self::NotInTransaction => None,
        }
    }
}

/// A block, if it is one.
struct Of(&'static Site);

impl std::fmt::Display for Of {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self.0 {
            Site::NOWHERE => formatter.write_str("the transaction"),
            Site { function, .. } => write!(formatter, "the transaction of `{function}`"),
        }
    }
}

/// The result of what was registered in a block, which has ended if it has not taken that.
#[inline]
pub(crate) fn accepted(accepted: bool) -> Result<(), Error> {
    if accepted {
        return Ok(());
    }
    Err(Reason::NotInTransaction.into())
}

/// A commit that was refused, and whose rollback failed as well.
#[derive(Debug, thiserror::Error)]
#[error("{refusal}, and the rollback failed: {rollback}")]
pub(crate) struct RefusedAndOpen {
    #[source]
    pub(crate) refusal: Error,
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

/// Failures in one line.
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
