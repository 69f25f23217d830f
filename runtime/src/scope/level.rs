//! The level of a block, which is decided before anything is sent.

use super::foreign;
use crate::context::{self, Child, Crowded, Enclosing, Frame, Kind, Levels, MustRollBack};
use crate::error::{BesideOpen, BoxError, Error};
use crate::options::{Options, Propagation};
use crate::rehearsal;
use crate::site::Site;
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

    /// Notes that the block has ended, where others are not to begin beside it.
    pub(super) fn leave(self, connection: ConnectionId) {
        match self {
            Self::Nested => context::child_ends(connection, Child::Nested),
            Self::Joined => context::child_ends(connection, Child::Joined),
            Self::Foreign => foreign::ends(connection),
            Self::Outermost | Self::Test => {}
        }
    }
}

/// The surroundings of a block on its connection.
enum Around {
    Nobody,
    /// A block of this crate.
    Block(Enclosing),
    /// A test, which is not to be noticed.
    Test,
    /// A transaction or a savepoint of somebody else.
    Foreign,
}

/// Decides the level of a block, and gives it a frame.
#[inline]
pub(super) fn decide(
    session: &mut impl Session,
    kind: Kind,
    site: &'static Site,
    options: &Options,
) -> Result<(Level, Frame), Error> {
    let connection = session.connection_id();
    let frame = |savepoint| Frame::new(connection, kind, site, savepoint);
    match around(session, connection, site)? {
        Around::Nobody => alone(Level::Outermost, session, site, options)
            .map(|level| (level, frame(Savepoint::OUTERMOST))),
        Around::Test => alone(Level::Test, session, site, options)
            .map(|level| (level, frame(Savepoint::OUTERMOST))),
        Around::Block(enclosing) => inside(&enclosing, session, site, options)
            .and_then(|child| begin_child(child, connection, &enclosing, frame, site)),
        Around::Foreign => {
            check_options(session, site, options)?;
            // Nothing but a savepoint could undo what a block does in somebody else's transaction.
            if !session.is_exclusive() {
                foreign::begins(connection).map_err(|Crowded| concurrent(site))?;
            }
            Ok((Level::Foreign, frame(Savepoint::foreign())))
        }
    }
}

#[inline]
fn around(
    session: &mut impl Session,
    connection: ConnectionId,
    site: &'static Site,
) -> Result<Around, Error> {
    Ok(match (session.status(), context::enclosing(connection)) {
        (Status::Idle, Some(_)) => return Err(no_transaction(site)),
        (Status::Open | Status::Test | Status::Untracked, Some(enclosing)) => {
            let levels = Levels::of(session.levels());
            if enclosing.levels.have_grown_to(levels) {
                Around::Foreign
            } else {
                Around::Block(enclosing)
            }
        }
        (Status::Idle, None) => Around::Nobody,
        (Status::Test, None) => Around::Test,
        // Nobody else has the connection any more: it was left behind.
        (Status::Open, None) if session.owns_connection() => Around::Nobody,
        (_, None) if rehearsal::is_open(connection) => Around::Test,
        (Status::Open, None) => Around::Foreign,
        (Status::Untracked, None) => Around::Nobody,
    })
}

#[inline]
fn alone(
    level: Level,
    session: &impl Session,
    site: &'static Site,
    options: &Options,
) -> Result<Level, Error> {
    match options.propagation {
        Propagation::Mandatory => Err(mandatory(site, session.driver())),
        Propagation::Nested | Propagation::Required | Propagation::Durable => Ok(level),
    }
}

/// The way in which a block lives in the one around it.
fn inside(
    enclosing: &Enclosing,
    session: &impl Session,
    site: &'static Site,
    options: &Options,
) -> Result<Child, Error> {
    check_options(session, site, options)?;
    if let Some(MustRollBack::Only(cause)) = enclosing.must_roll_back {
        let function = site.function;
        return Err(Error::RollbackOnly { function, cause });
    }
    Ok(match options.propagation {
        Propagation::Required | Propagation::Mandatory => Child::Joined,
        Propagation::Nested | Propagation::Durable => Child::Nested,
    })
}

fn begin_child(
    child: Child,
    connection: ConnectionId,
    enclosing: &Enclosing,
    frame: impl Fn(Savepoint) -> Frame,
    site: &'static Site,
) -> Result<(Level, Frame), Error> {
    let savepoint = enclosing.savepoint.nested();
    let savepoint = savepoint.ok_or_else(|| too_deep(site))?;
    context::child_begins(connection, child).map_err(|Crowded| concurrent(site))?;
    Ok(match child {
        Child::Nested => (Level::Nested, frame(savepoint)),
        Child::Joined => (Level::Joined, frame(savepoint).joined()),
    })
}

/// Refuses what only the begin of a transaction can honour.
fn check_options(
    session: &impl Session,
    site: &'static Site,
    options: &Options,
) -> Result<(), Error> {
    let function = site.function;
    if options.propagation == Propagation::Durable {
        let driver = session.driver();
        return Err(Error::Durable { function, driver });
    }
    match options.for_outermost() {
        Some(option) => Err(Error::NestedOption { function, option }),
        None => Ok(()),
    }
}

#[cold]
fn mandatory(site: &'static Site, driver: &'static str) -> Error {
    let function = site.function;
    Error::Mandatory { function, driver }
}

#[cold]
fn concurrent(site: &'static Site) -> Error {
    let function = site.function;
    Error::Concurrent { function }
}

#[cold]
fn no_transaction(site: &'static Site) -> Error {
    no_savepoint(site, "the enclosing transaction has ended".into())
}

#[cold]
fn too_deep(site: &'static Site) -> Error {
    no_savepoint(site, "blocks are nested too deeply".into())
}

/// The error of a block that has no connection, or could not begin on it.
#[cold]
pub(super) fn no_begin(site: &'static Site, source: BoxError) -> Error {
    let function = site.function;
    let source = match context::innermost() {
        Some(block) => {
            let around = block.site();
            BesideOpen { source, around }.into()
        }
        None => source,
    };
    Error::Begin { function, source }
}

pub(super) fn no_savepoint(site: &'static Site, source: BoxError) -> Error {
    let function = site.function;
    Error::NestedBegin { function, source }
}
