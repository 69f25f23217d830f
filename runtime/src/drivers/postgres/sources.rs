//! The sources of postgres, and the way of each to its connection.

use std::ops::DerefMut;

use ::postgres::{Client, Error as PostgresError, Transaction as ByHand};

use super::transaction::PostgresTransaction;
use crate::drivers::ownership::Ownership;
use crate::error::BoxError;
use crate::transaction::{Begin, ConnectionId, Owned, TransactionStatus};

/// Marks sources that dereference to a `&mut Client`, itself included.
#[derive(Debug)]
pub enum Exclusive {}

/// Marks sources that are a `&mut P`, where `P` dereferences to a client.
#[derive(Debug)]
pub enum ExclusivePointer {}

/// Marks sources that are a transaction begun by hand.
#[derive(Debug)]
pub enum Begun {}

/// Marks sources that are given away with the guard that leads to them.
#[derive(Debug)]
pub enum Guarded {}

impl<P: DerefMut<Target = Client>> Begin<Exclusive> for P {
    type Transaction = PostgresTransaction<ByValue<P>>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        let ownership = Ownership::of::<P, Client>();
        Ok(PostgresTransaction::new(ByValue {
            pointer: self,
            ownership,
        }))
    }
}

impl<G: DerefMut<Target = Client>> Begin<Guarded> for Owned<G> {
    type Transaction = PostgresTransaction<ByValue<G>>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(ByValue {
            pointer: self.0,
            ownership: Ownership::Owned,
        }))
    }
}

impl<'p, P: DerefMut<Target = Client>> Begin<ExclusivePointer> for &'p mut P {
    type Transaction = PostgresTransaction<ByReference<'p, P>>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(ByReference(self)))
    }
}

impl<'c, 't> Begin<Begun> for &'c mut ByHand<'t> {
    type Transaction = PostgresTransaction<&'c mut ByHand<'t>>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(self))
    }
}

/// A kind of source, and its way to the connection.
pub trait Hold {
    /// The type that the body sees.
    type Handle<'h>
    where
        Self: 'h;

    /// The state of every such connection, as far as its type tells.
    const STATUS: TransactionStatus = TransactionStatus::Untracked;

    /// Whose the connection is.
    fn ownership(&self) -> Ownership {
        Ownership::Borrowed
    }

    /// Lends the connection to the body.
    fn lend(&mut self) -> Self::Handle<'_>;

    /// Tells connections apart.
    fn id(&self) -> ConnectionId;

    /// Whether it is known to be closed.
    fn is_closed(&self) -> bool;

    /// Sends statements in one message.
    ///
    /// # Errors
    ///
    /// The driver's.
    fn send(&mut self, sql: &str) -> Result<(), PostgresError>;
}

/// A pointer to a connection, given by value; a `&mut Client` is one of these.
#[derive(Debug)]
pub struct ByValue<P> {
    pointer: P,
    ownership: Ownership,
}

impl<P: DerefMut<Target = Client>> Hold for ByValue<P> {
    type Handle<'h>
        = &'h mut Client
    where
        Self: 'h;

    fn ownership(&self) -> Ownership {
        self.ownership
    }

    fn lend(&mut self) -> &mut Client {
        &mut self.pointer
    }

    fn id(&self) -> ConnectionId {
        ConnectionId::of::<Client>(&self.pointer)
    }

    fn is_closed(&self) -> bool {
        self.pointer.is_closed()
    }

    fn send(&mut self, sql: &str) -> Result<(), PostgresError> {
        self.pointer.batch_execute(sql)
    }
}

/// A pointer to a connection, lent.
#[derive(Debug)]
pub struct ByReference<'p, P>(&'p mut P);

impl<'p, P: DerefMut<Target = Client>> Hold for ByReference<'p, P> {
    type Handle<'h>
        = &'h mut P
    where
        'p: 'h;

    fn lend(&mut self) -> &mut P {
        self.0
    }

    fn id(&self) -> ConnectionId {
        ConnectionId::of::<Client>(self.0)
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn send(&mut self, sql: &str) -> Result<(), PostgresError> {
        self.0.batch_execute(sql)
    }
}

impl<'c, 't> Hold for &'c mut ByHand<'t> {
    type Handle<'h>
        = &'h mut ByHand<'t>
    where
        'c: 'h;

    const STATUS: TransactionStatus = TransactionStatus::Open;

    fn lend(&mut self) -> &mut ByHand<'t> {
        self
    }

    fn id(&self) -> ConnectionId {
        ConnectionId::of::<ByHand<'t>>(self)
    }

    /// Its client cannot be asked.
    fn is_closed(&self) -> bool {
        false
    }

    fn send(&mut self, sql: &str) -> Result<(), PostgresError> {
        self.batch_execute(sql)
    }
}
