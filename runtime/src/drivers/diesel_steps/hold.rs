//! Sources, and the connections that they lead to.

use std::ops::DerefMut;

use crate::transaction::Owned;

/// A source, and the connection that it leads to.
pub trait Hold {
    /// The connection.
    type Connection;

    /// The body's name for the connection.
    type Handle<'t>
    where
        Self: 't;

    /// Whether the source was given to the block for good.
    fn ownership(&self) -> Ownership;

    /// Lends the connection to the body.
    fn lend(&mut self) -> Self::Handle<'_>;

    /// The connection itself.
    fn connection(&mut self) -> &mut Self::Connection;

    /// The address of the pool that the connection is from, if that is known.
    fn pool(&self) -> Option<usize> {
        None
    }

    /// Keeps a pooled connection, whose manager of transactions is in error, from its next user. Most pools look at
    /// the manager.
    fn close(&mut self) {}
}

/// Whether the connection of a block was given to it for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Somebody else has it, and may go on with it.
    Borrowed,
    /// The connection was given away with the guard that leads to it, behind which it lives on.
    Guarded,
    /// The connection goes back to its pool, which throws it away where it is broken.
    Pooled,
}

impl<'c, C> Hold for &'c mut C {
    type Connection = C;
    type Handle<'t>
        = &'t mut C
    where
        'c: 't;

    fn ownership(&self) -> Ownership {
        Ownership::Borrowed
    }

    fn lend(&mut self) -> &mut C {
        self
    }

    fn connection(&mut self) -> &mut C {
        self
    }
}

/// The body sees the connection, whatever the guard is.
impl<G: DerefMut<Target: Sized>> Hold for Owned<G> {
    type Connection = G::Target;
    type Handle<'t>
        = &'t mut G::Target
    where
        G: 't;

    fn ownership(&self) -> Ownership {
        Ownership::Guarded
    }

    fn lend(&mut self) -> &mut G::Target {
        &mut self.0
    }

    fn connection(&mut self) -> &mut G::Target {
        &mut self.0
    }
}
