//! Handles of sync drivers: a connection is found on the thread that has it, and is lent to closures.
//!
//! Where a driver's connection is shared, its handle lends it to whoever asks. An [`Exclusive`] one lies in a [`Slot`](slot::Slot),
//! from which one user at a time takes it.

mod exclusive;
mod open;
mod session;
mod slot;

use std::rc::Rc;

pub(crate) use exclusive::{Exclusive, Leased, lease, with};
pub(crate) use open::{Listed, User};
pub(crate) use session::Shared;
pub(crate) use slot::Lent;

use super::pools::Numbered;
use crate::context::{self, Around};
use crate::error::{Error, Reason};
use crate::site::Site;
use crate::transaction::ConnectionId;

/// What the handles of all sync drivers know.
pub struct Local {
    number: Numbered,
    /// Whether it is used in transactions only.
    pub(crate) required: bool,
}

/// A connection that somebody on this thread has.
pub(crate) struct Reached<G> {
    pub(crate) guard: Rc<G>,
    pub(crate) place: Place,
}

/// The place of code that has reached a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Block(&'static Site),
    /// No block, but the transaction of a test.
    Test,
    /// No block, but a closure that has the connection.
    Closure,
}

impl Place {
    fn site(self) -> &'static Site {
        match self {
            Self::Block(site) => site,
            Self::Test | Self::Closure => &Site::NOWHERE,
        }
    }
}

impl Local {
    /// A handle of a pool that nobody can tell from others, for connections of a driver.
    pub(crate) fn new<DB: 'static>(required: bool) -> Self {
        let number = Numbered::new::<DB>(None);
        Self { number, required }
    }

    /// Lets a connection be found by those who use the handle, until what is returned is dropped.
    pub(crate) fn list<G: 'static>(
        &self,
        connection: ConnectionId,
        user: User,
        guard: &Rc<G>,
    ) -> Listed {
        open::list(self.number.id(), connection, user, Rc::clone(guard))
    }

    /// The connection of the transaction that the running code is in, or of a closure around it.
    ///
    /// # Errors
    ///
    /// When it is inside of a block that has not begun with a handle.
    pub(crate) fn around<G: 'static>(&self) -> Result<Option<Reached<G>>, Error> {
        let find = |connection| open::find(self.number.id(), connection);
        match context::around(find, self.number.is_beside()) {
            Around::In { found, site, .. } => Ok(Some(Reached {
                guard: found,
                place: Place::Block(site),
            })),
            Around::Beside(site) => Err(Reason::BesideBlock(site).into()),
            Around::Nothing => Ok(open::alone(self.number.id())),
        }
    }

    /// Whether a job of the innermost open block, which is on that connection, would be stored by it. Where that is refused, the
    /// refusal says more.
    #[cfg(feature = "jobs")]
    pub(crate) fn is_on(&self, connection: ConnectionId) -> bool {
        let is_listed = |connection| open::is_listed(self.number.id(), connection);
        let find = |connection| is_listed(connection).then_some(());
        is_listed(connection)
            || matches!(
                context::around(find, self.number.is_beside()),
                Around::Beside(_)
            )
    }

    /// The connection that is [around](Self::around) statements.
    ///
    /// # Errors
    ///
    /// When they are in no block, and one is required.
    pub(crate) fn around_statements<G: 'static>(&self) -> Result<Option<Reached<G>>, Error> {
        let around = self.around()?;
        let in_block = |reached: &Reached<G>| matches!(reached.place, Place::Block(_));
        if self.required && !around.as_ref().is_some_and(in_block) {
            return Err(Reason::NotInTransaction.into());
        }
        Ok(around)
    }
}
