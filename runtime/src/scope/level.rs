//! The level of a block, which is decided before anything is sent.

use super::foreign::{self, Crowded};
use crate::context::{self, Child, Enclosing, Levels, Refusal};
use crate::error::{BesideOpen, BoxError, Error, Reason};
use crate::options::{Options, Propagation};
use crate::site::Site;
use crate::test_transaction;
use crate::transaction::{ConnectionId, Savepoint, Session, TransactionStatus as Status};

/// The place of a block in the transaction of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Outermost,
    /// A savepoint in the block around it.
    Nested,
    /// A savepoint in a transaction, or in a savepoint, that this crate did not open.
    Foreign,
    /// A part of the block around it.
    Joined,
    /// A savepoint in a test's transaction, which is to be taken for an outermost block.
    Test,
}

impl Level {
    /// Whether its deferred calls run at its end.
    pub(super) fn is_outermost(self) -> bool {
        matches!(self, Self::Outermost | Self::Test)
    }

    /// Whether it is a part of something, beside which others are not to begin.
    #[inline]
    pub(super) fn is_inside(self) -> bool {
        matches!(self, Self::Nested | Self::Foreign | Self::Joined)
    }

    /// Notes that the block has ended.
    #[inline(never)]
    pub(super) fn leave(self, connection: ConnectionId) {
        let child = match self {
            Self::Nested => Child::Nested,
            Self::Joined => Child::Joined,
            Self::Foreign => return foreign::ends(connection),
            Self::Outermost | Self::Test => return,
        };
        context::child_ends(connection, child);
    }
}

/// A level, and the savepoint of what is nested.
pub(super) type Place = (Level, Savepoint);

pub(super) const OUTERMOST: Place = (Level::Outermost, Savepoint::OUTERMOST);

/// Whether a block is outermost without a look around.
#[inline]
pub(super) fn is_alone(session: &mut impl Session, options: &Options) -> bool {
    session.status() == Status::Idle
        && context::is_empty()
        && test_transaction::is_none()
        && options.propagation != Propagation::Mandatory
}

/// Decides where a block is that may have others around it.
#[inline(never)]
pub(super) fn look_around(
    session: &mut impl Session,
    site: &'static Site,
    options: &Options,
) -> Result<Place, Error> {
    let connection = session.connection_id();
    if let Some(savepoint) = nest(session, connection, options) {
        return Ok((Level::Nested, savepoint));
    }
    let level = match (session.status(), Enclosing::find(connection)) {
        (Status::Idle, Some(_)) => return Err(no_transaction(site)),
        (Status::Open | Status::Test | Status::Untracked, Some(enclosing)) => {
            return begin_child(enclosing, session, site, options);
        }
        (Status::Test, None) => Level::Test,
        // Nobody else has the connection any more, a test neither: a transaction on it was left behind.
        (_, None) if session.clears_leftovers() => Level::Outermost,
        // Also where nothing is open: the test's transaction has ended then, and no other may begin.
        (_, None) if test_transaction::is_open(connection) => Level::Test,
        (Status::Open, None) => return begin_foreign(session, connection, site, options),
        (Status::Idle | Status::Untracked, None) => Level::Outermost,
    };
    if options.propagation == Propagation::Mandatory {
        return Err(mandatory(site, session.driver()));
    }
    Ok((level, Savepoint::OUTERMOST))
}

/// A block that asks for nothing else than a savepoint in one of ours in which nothing has happened yet: most of those that
/// are nested.
#[inline]
fn nest(
    session: &mut impl Session,
    connection: ConnectionId,
    options: &Options,
) -> Option<Savepoint> {
    let asks = options.propagation != Propagation::Nested
        || options.for_outermost().is_some()
        || session.option_of_begin().is_some();
    if asks || session.status() == Status::Idle {
        return None;
    }
    context::nest_in_untouched(connection, Levels::of(session.levels()))
}

/// A block in one of ours, unless the driver has opened another transaction in between.
fn begin_child(
    enclosing: Enclosing,
    session: &mut impl Session,
    site: &'static Site,
    options: &Options,
) -> Result<(Level, Savepoint), Error> {
    check_options(session, site, options)?;
    let (child, level) = match options.propagation {
        Propagation::Required | Propagation::Mandatory => (Child::Joined, Level::Joined),
        Propagation::Nested | Propagation::Durable => (Child::Nested, Level::Nested),
    };
    match enclosing.begin(child, Levels::of(session.levels())) {
        Ok(savepoint) => Ok((level, savepoint)),
        Err(Refusal::Grown) => {
            let connection = session.connection_id();
            begin_foreign(session, connection, site, options)
        }
        Err(refusal) => Err(refused(refusal, site)),
    }
}

#[cold]
fn refused(refusal: Refusal, site: &'static Site) -> Error {
    match refusal {
        Refusal::RollbackOnly(why) => Reason::RollbackOnly(site, why).into(),
        Refusal::TooDeep => no_savepoint(site, "blocks are nested too deeply".into()),
        Refusal::Crowded | Refusal::Grown => Reason::Concurrent(site).into(),
    }
}

/// A block in somebody else's transaction, where nothing but a savepoint could undo it.
#[cold]
fn begin_foreign(
    session: &impl Session,
    connection: ConnectionId,
    site: &'static Site,
    options: &Options,
) -> Result<(Level, Savepoint), Error> {
    check_options(session, site, options)?;
    if !session.is_exclusive() {
        foreign::begins(connection).map_err(|Crowded| Reason::Concurrent(site))?;
    }
    Ok((Level::Foreign, Savepoint::foreign()))
}

/// Refuses what only the begin of a transaction can honour.
fn check_options(
    session: &impl Session,
    site: &'static Site,
    options: &Options,
) -> Result<(), Error> {
    if options.propagation == Propagation::Durable {
        let driver = session.driver();
        return Err(Reason::Durable { site, driver }.into());
    }
    match options
        .for_outermost()
        .or_else(|| session.option_of_begin())
    {
        Some(option) => Err(Reason::NestedOption { site, option }.into()),
        None => Ok(()),
    }
}

#[cold]
fn mandatory(site: &'static Site, driver: &'static str) -> Error {
    Reason::Mandatory { site, driver }.into()
}

#[cold]
fn no_transaction(site: &'static Site) -> Error {
    no_savepoint(site, "the enclosing transaction has ended".into())
}

/// The error of a block that has no connection, or could not begin on it.
#[cold]
pub(super) fn no_begin(site: &'static Site, source: BoxError) -> Error {
    // A handle has an error of its own.
    let source = match source.downcast::<Error>() {
        Ok(error) => return *error,
        Err(source) => source,
    };
    let source = match context::innermost().filter(|block| block.is_live()) {
        Some(block) => {
            let around = block.site();
            BesideOpen { source, around }.into()
        }
        None => source,
    };
    Reason::Begin(site, source).into()
}

pub(super) fn no_savepoint(site: &'static Site, source: BoxError) -> Error {
    Reason::NestedBegin(site, source).into()
}
