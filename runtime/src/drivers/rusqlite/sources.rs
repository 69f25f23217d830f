//! The sources of rusqlite, and the way of each to its connection.

use std::ops::{Deref, DerefMut};

use ::rusqlite::Connection;

#[cfg(feature = "ambient")]
use super::transaction::Rusqlite;
use super::transaction::RusqliteTransaction;
#[cfg(feature = "ambient")]
use crate::ambient;
use crate::drivers::ownership::Ownership;
use crate::error::BoxError;
#[cfg(feature = "ambient")]
use crate::pool_id::PoolId;
use crate::transaction::{Begin, Owned};

/// Marks sources that are a `&Connection`.
#[derive(Debug)]
pub enum Shared {}

/// Marks sources that dereference to a `&mut Connection`, itself included.
#[derive(Debug)]
pub enum Exclusive {}

/// Marks sources that are given away with the guard that leads to them.
#[derive(Debug)]
pub enum Guarded {}

/// Marks sources that are a `&P`, where `P` dereferences to a connection.
#[derive(Debug)]
pub enum SharedPointer {}

/// Marks sources that are a `&mut P`, where `P` dereferences to a connection.
#[derive(Debug)]
pub enum ExclusivePointer {}

impl<'c> Begin<Shared> for &'c Connection {
    type Transaction = RusqliteTransaction<&'c Connection, Shared>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(RusqliteTransaction::new(self, Ownership::Borrowed))
    }
}

impl<P: DerefMut<Target = Connection>> Begin<Exclusive> for P {
    type Transaction = RusqliteTransaction<P, Exclusive>;

    #[inline]
    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        let ownership = Ownership::of::<P, Connection>();
        Ok(RusqliteTransaction::new(self, ownership))
    }
}

impl<G: DerefMut<Target = Connection>> Begin<Guarded> for Owned<G> {
    type Transaction = RusqliteTransaction<G, Exclusive>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(RusqliteTransaction::new(self.0, Ownership::Owned))
    }
}

impl<'p, P: Deref<Target = Connection>> Begin<SharedPointer> for &'p P {
    type Transaction = RusqliteTransaction<&'p P, SharedPointer>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(RusqliteTransaction::new(self, Ownership::Borrowed))
    }
}

impl<'p, P: DerefMut<Target = Connection>> Begin<ExclusivePointer> for &'p mut P {
    type Transaction = RusqliteTransaction<&'p mut P, ExclusivePointer>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(RusqliteTransaction::new(self, Ownership::Borrowed))
    }
}

/// A kind of source, and its way to the connection.
pub trait Access {
    /// The type that the body sees.
    type Handle<'t>
    where
        Self: 't;

    /// Lends the connection to the body.
    fn lend(&mut self) -> Self::Handle<'_>;

    /// The connection itself.
    fn connection(&self) -> &Connection;

    /// The pool that the connection is from, as far as handles have to know.
    #[cfg(feature = "ambient")]
    fn pool(&self) -> PoolId {
        ambient::pool_of::<Rusqlite>(|| None)
    }

    /// Whether nobody else can begin a block on the connection meanwhile.
    const EXCLUSIVE: bool;
}

impl Access for RusqliteTransaction<&Connection, Shared> {
    type Handle<'t>
        = &'t Connection
    where
        Self: 't;

    fn lend(&mut self) -> &Connection {
        self.connection
    }

    fn connection(&self) -> &Connection {
        self.connection
    }

    const EXCLUSIVE: bool = false;
}

impl<P: DerefMut<Target = Connection>> Access for RusqliteTransaction<P, Exclusive> {
    type Handle<'t>
        = &'t mut Connection
    where
        Self: 't;

    fn lend(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn connection(&self) -> &Connection {
        &self.connection
    }

    const EXCLUSIVE: bool = true;
}

impl<P: Deref<Target = Connection>> Access for RusqliteTransaction<&P, SharedPointer> {
    type Handle<'t>
        = &'t P
    where
        Self: 't;

    fn lend(&mut self) -> &P {
        self.connection
    }

    fn connection(&self) -> &Connection {
        self.connection
    }

    const EXCLUSIVE: bool = false;
}

impl<P: DerefMut<Target = Connection>> Access for RusqliteTransaction<&mut P, ExclusivePointer> {
    type Handle<'t>
        = &'t mut P
    where
        Self: 't;

    fn lend(&mut self) -> &mut P {
        self.connection
    }

    fn connection(&self) -> &Connection {
        self.connection
    }

    const EXCLUSIVE: bool = true;
}
