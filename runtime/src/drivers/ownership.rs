//! Whose the connection of a block is.

/// The way in which a source holds its connection, and what that means for the connection at the end of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(any(feature = "postgres", feature = "tokio-postgres")),
    allow(unreachable_pub, reason = "named by the sources of both")
)]
pub enum Ownership {
    /// A reference leads to the connection, which stays where it is.
    Borrowed,
    /// The guard of a lock leads to it, and is dropped. A transaction that is open on the connection from the start
    /// is of somebody who has the lock as well, and may still want it.
    Locked,
    /// The connection is given back, to a pool for example. A transaction that is open on it from the start was left
    /// behind.
    Owned,
    /// The connection is given back or dropped, and closed where its block is given up. A transaction that is open on it
    /// from the start was left behind, or would be lost with it.
    Closable,
}

impl Ownership {
    /// Whether the source is dropped before deferred calls run, so that these can have the connection.
    pub(super) fn is_owned(self) -> bool {
        self != Self::Borrowed
    }

    /// Whether a transaction that is open from the start is rolled back.
    pub(super) fn clears_leftovers(self) -> bool {
        matches!(self, Self::Owned | Self::Closable)
    }

    /// Whether a connection that is given up is closed.
    pub(super) fn closes_connection(self) -> bool {
        self == Self::Closable
    }

    /// Tells by its type what a source by value is that dereferences to a connection.
    ///
    /// The guards of other locks than those of the standard library cannot be told from connections of pools.
    #[cfg(any(feature = "rusqlite", feature = "postgres"))]
    pub(super) fn of<P, C: 'static>() -> Self {
        use std::cell::RefMut;
        use std::sync::{MutexGuard, RwLockWriteGuard};

        let source = typeid::of::<P>();
        let locks = [
            typeid::of::<MutexGuard<'_, C>>(),
            typeid::of::<RwLockWriteGuard<'_, C>>(),
            typeid::of::<RefMut<'_, C>>(),
        ];
        if source == typeid::of::<&mut C>() {
            Self::Borrowed
        } else if locks.contains(&source) {
            Self::Locked
        } else if source == typeid::of::<Box<C>>() {
            Self::Closable
        } else {
            Self::Owned
        }
    }
}
