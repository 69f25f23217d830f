//! Deciding what a block is to its connection, before anything is sent.

use super::{Diagnosis, Level, Phase, Unit};
use crate::context::{self, Frame, Kind, Mark};
use crate::error::{BoxError, Error};
use crate::observer;
use crate::options::{Options, Propagation, Unsupported};
use crate::rehearsal;
use crate::site::Site;
use crate::transaction::{
    ConnectionId, RollbackError, Savepoint, Session, TransactionStatus as Status,
};

impl Unit {
    pub(super) fn new(
        session: &mut impl Session,
        kind: Kind,
        site: &'static Site,
        options: &Options,
    ) -> Result<Self, Error> {
        let connection = session.connection_id();
        let depth = context::depth_of(connection);
        Ok(Self {
            level: level(session, (connection, depth), site, options)?,
            frame: Frame::new(connection, kind, site, depth),
            phase: Phase::Beginning,
            site,
            driver: session.driver(),
            id: observer::next_id(),
            observed: false,
            diagnosis: Diagnosis::default(),
            fallout: None,
        })
    }

    pub(super) fn begin_failed(&self, source: BoxError) -> Error {
        let function = self.site.function;
        match (self.level, source.downcast_ref::<Unsupported>()) {
            (_, Some(&Unsupported { option, database })) => Error::Unsupported {
                function,
                option,
                database,
            },
            (Level::Outermost, None) => no_begin(self.site, source),
            (Level::Nested(_) | Level::Joined | Level::Rehearsal(_), None) => {
                no_savepoint(self.site, source)
            }
        }
    }
}

/// What the last user of a pooled connection had left open was rolled back, or was not there.
pub(super) fn cleaned(result: Result<(), RollbackError>) -> Result<(), BoxError> {
    match result {
        Ok(()) | Err(RollbackError::Ended) => Ok(()),
        Err(RollbackError::Failed(error)) => Err(error),
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
fn enclosing(session: &mut impl Session, connection: ConnectionId) -> Option<Enclosing> {
    let block = context::with_innermost_of(connection, |frame| frame.mark);
    match (session.status(), block) {
        (Status::Idle, Some(_)) => None,
        (Status::Open | Status::Test | Status::Untracked, Some(mark)) => {
            Some(Enclosing::Block(mark))
        }
        (Status::Idle, None) => Some(Enclosing::Nobody),
        (Status::Test, None) => Some(Enclosing::Test),
        // Nobody else has the connection any more: it was left behind.
        (Status::Open, None) if session.owns_connection() => Some(Enclosing::Nobody),
        (_, None) if rehearsal::is_open(connection) => Some(Enclosing::Test),
        (Status::Open, None) => Some(Enclosing::Stranger),
        (Status::Untracked, None) => Some(Enclosing::Nobody),
    }
}

fn level(
    session: &mut impl Session,
    (connection, depth): (ConnectionId, u32),
    site: &'static Site,
    options: &Options,
) -> Result<Level, Error> {
    let function = site.function;
    let driver = session.driver();
    let Some(enclosing) = enclosing(session, connection) else {
        return Err(no_savepoint(
            site,
            "the enclosing transaction has ended".into(),
        ));
    };
    let savepoint = Savepoint::at(depth);
    let outermost = match enclosing {
        Enclosing::Nobody => Some(Level::Outermost),
        Enclosing::Test => Some(Level::Rehearsal(savepoint)),
        Enclosing::Block(_) | Enclosing::Stranger => None,
    };
    if let Some(outermost) = outermost {
        return match options.propagation {
            Propagation::Mandatory => Err(Error::Mandatory { function, driver }),
            _ => Ok(outermost),
        };
    }
    if options.propagation == Propagation::Durable {
        return Err(Error::Durable { function, driver });
    }
    if let Some(option) = options.for_outermost() {
        return Err(Error::NestedOption { function, option });
    }
    match (enclosing, options.propagation) {
        (Enclosing::Block(Mark::Doomed(cause)), _) => Err(Error::RollbackOnly { function, cause }),
        (Enclosing::Block(_), Propagation::Required | Propagation::Mandatory) => Ok(Level::Joined),
        // Nothing but a savepoint could undo what a block does in a stranger's transaction.
        _ => Ok(Level::Nested(savepoint)),
    }
}

pub(super) fn no_begin(site: &'static Site, source: BoxError) -> Error {
    let function = site.function;
    Error::Begin { function, source }
}

fn no_savepoint(site: &'static Site, source: BoxError) -> Error {
    let function = site.function;
    Error::NestedBegin { function, source }
}
