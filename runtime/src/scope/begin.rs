//! Deciding what a block is to its connection, before anything is sent.

use super::{Diagnosis, Level, Phase, Unit};
use crate::context::{self, Around, Frame, Kind, Mark};
use crate::error::{BoxError, Error};
use crate::options::{Options, Propagation, Unsupported};
use crate::site::Site;
use crate::test_transaction;
use crate::transaction::{ConnectionId, RollbackError, Session, TransactionStatus as Status};

impl Unit {
    #[inline]
    pub(super) fn new(
        session: &mut impl Session,
        kind: Kind,
        site: &'static Site,
        options: &Options,
    ) -> Result<Self, Error> {
        let connection = session.connection_id();
        let Around { depth, mark } = context::around(connection);
        Ok(Self {
            level: level(session, (connection, mark), site, options)?,
            frame: Frame::new(connection, kind, site, depth),
            phase: Phase::Beginning,
            id: 0,
            diagnosis: Diagnosis::default(),
            spared: false,
            fallout: None,
        })
    }

    pub(super) fn begin_failed(&self, source: BoxError) -> Error {
        let function = self.site().function;
        match (self.level, source.downcast_ref::<Unsupported>()) {
            (_, Some(&Unsupported { option, database })) => Error::Unsupported {
                function,
                option,
                database,
            },
            (Level::Outermost, None) => no_begin(self.site(), source),
            (Level::Nested | Level::Joined | Level::Rehearsal, None) => {
                no_savepoint(self.site(), source)
            }
        }
    }
}

/// What the last user of a pooled connection had left open was rolled back, or was not there.
pub(super) fn cleaned(result: Result<(), RollbackError>) -> Result<(), BoxError> {
    match result {
        Ok(()) | Err(RollbackError::Ended) => Ok(()),
        Err(RollbackError::Failed(error) | RollbackError::Disconnected(error)) => Err(error),
    }
}

/// Who has opened the transaction that is open on a connection.
enum Enclosing {
    Nobody,
    /// A block of this crate.
    Block(Mark),
    /// A test, which is not to be noticed.
    Test,
    /// Something else.
    Stranger,
}

/// `None` if a block is there and its transaction is not.
#[inline]
fn enclosing(
    session: &mut impl Session,
    (connection, block): (ConnectionId, Option<Mark>),
) -> Option<Enclosing> {
    match (session.status(), block) {
        (Status::Idle, Some(_)) => None,
        (Status::Open | Status::Test | Status::Untracked, Some(mark)) => {
            Some(Enclosing::Block(mark))
        }
        (Status::Test, None) => Some(Enclosing::Test),
        // What is open on it was left behind: nobody else has the connection any more, a test neither.
        (_, None) if session.owns_connection() => Some(Enclosing::Nobody),
        // Also where nothing is open: the test's transaction has ended then, and no other may begin.
        (_, None) if test_transaction::is_open(connection) => Some(Enclosing::Test),
        (Status::Open, None) => Some(Enclosing::Stranger),
        (Status::Idle | Status::Untracked, None) => Some(Enclosing::Nobody),
    }
}

#[inline]
fn level(
    session: &mut impl Session,
    around: (ConnectionId, Option<Mark>),
    site: &'static Site,
    options: &Options,
) -> Result<Level, Error> {
    let outermost = match enclosing(session, around) {
        Some(Enclosing::Nobody) => Level::Outermost,
        Some(Enclosing::Test) => Level::Rehearsal,
        Some(Enclosing::Block(mark)) => return inside(Some(mark), site, options, session.driver()),
        Some(Enclosing::Stranger) => return inside(None, site, options, session.driver()),
        None => return Err(no_transaction(site)),
    };
    match options.propagation {
        Propagation::Mandatory => Err(mandatory(site, session.driver())),
        _ => Ok(outermost),
    }
}

/// What a block is inside of an open transaction: one of ours, with its mark, or a stranger's.
#[cold]
fn inside(
    block: Option<Mark>,
    site: &'static Site,
    options: &Options,
    driver: &'static str,
) -> Result<Level, Error> {
    let function = site.function;
    if options.propagation == Propagation::Durable {
        return Err(Error::Durable { function, driver });
    }
    if let Some(option) = options.for_outermost() {
        return Err(Error::NestedOption { function, option });
    }
    match (block, options.propagation) {
        (Some(Mark::Doomed(doom)), _) => {
            let cause = doom.into();
            Err(Error::RollbackOnly { function, cause })
        }
        (Some(_), Propagation::Required | Propagation::Mandatory) => Ok(Level::Joined),
        // Nothing but a savepoint could undo what a block does in a stranger's transaction.
        _ => Ok(Level::Nested),
    }
}

#[cold]
fn mandatory(site: &'static Site, driver: &'static str) -> Error {
    let function = site.function;
    Error::Mandatory { function, driver }
}

#[cold]
fn no_transaction(site: &'static Site) -> Error {
    no_savepoint(site, "the enclosing transaction has ended".into())
}

#[cold]
pub(super) fn no_begin(site: &'static Site, source: BoxError) -> Error {
    let function = site.function;
    Error::Begin { function, source }
}

fn no_savepoint(site: &'static Site, source: BoxError) -> Error {
    let function = site.function;
    Error::NestedBegin { function, source }
}
