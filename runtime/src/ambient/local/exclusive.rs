//! Handles of drivers whose connections have one user at a time.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::slot::{Lent, Slot};
use super::{Local, Place, Reached, User};
use crate::ambient::statement::{SAVEPOINT, SITE};
use crate::ambient::steps::{Doing, Stepped};
use crate::error::{BoxError, Error, Reason};
use crate::site::Site;
use crate::test_transaction;
use crate::transaction::Transaction;

/// A handle of a pool whose connections have one user at a time.
pub trait Exclusive: Stepped<Transaction: Transaction + 'static> + Clone + 'static {
    /// The connection as closures see it.
    type Connection;

    /// What it has in common with other handles.
    fn local(&self) -> &Local;

    /// Takes a connection from the pool.
    fn acquire(&self) -> Result<Self::Transaction, BoxError>;

    /// The steps of a block inside of a transaction.
    fn steps(transaction: &Self::Transaction) -> Self::Steps;

    /// Leads to the connection.
    fn connection(transaction: &mut Self::Transaction) -> &mut Self::Connection;
}

/// Runs a closure with the connection of the transaction that is open around it, or outside of any with one of the pool.
pub(crate) fn with<H: Exclusive, R, E: From<Error>>(
    handle: &H,
    f: impl FnOnce(&mut H::Connection) -> Result<R, E>,
) -> Result<R, E> {
    let around = handle.local().around_statements()?;
    let Some(Reached { guard: slot, place }) = around else {
        return with_own(handle, f);
    };
    let mut lent = Slot::lend(&slot, place.site())?;
    if matches!(place, Place::Test) {
        return in_test::<H, _, _>(&mut lent, f);
    }
    f(H::connection(&mut lent))
}

fn with_own<H: Exclusive, R, E: From<Error>>(
    handle: &H,
    f: impl FnOnce(&mut H::Connection) -> Result<R, E>,
) -> Result<R, E> {
    let acquired = handle.acquire();
    let transaction = acquired.map_err(|source| Error::from(Reason::Acquire(source)))?;
    let slot = Slot::new(transaction);
    let _listed = handle.local().list(slot.connection, User::Closure, &slot);
    let mut lent = slot.lend(&Site::NOWHERE)?;
    f(H::connection(&mut lent))
}

/// What a closure does in the transaction of a test, and in no block, is kept as in autocommit. A statement that has failed, and has
/// taken the transaction with it, takes no more than this closure.
fn in_test<H: Exclusive, R, E: From<Error>>(
    transaction: &mut H::Transaction,
    f: impl FnOnce(&mut H::Connection) -> Result<R, E>,
) -> Result<R, E> {
    let mut steps = H::steps(transaction);
    let mut guard = Doing::<H>::new(transaction, Some(&mut steps));
    let guarded = test_transaction::savepoint(&mut *guard, SAVEPOINT);
    drop(guard);
    guarded.map_err(|source| Error::from(Reason::NestedBegin(&SITE, source)))?;
    let result = catch_unwind(AssertUnwindSafe(|| f(H::connection(transaction))));
    let kept = keep(&mut *Doing::<H>::new(transaction, Some(&mut steps)));
    let value = result.unwrap_or_else(|payload| resume_unwind(payload))?;
    kept?;
    Ok(value)
}

fn keep(transaction: &mut impl Transaction) -> Result<(), Error> {
    let Err(refusal) = transaction.release(&SAVEPOINT) else {
        return Ok(());
    };
    let undone = transaction.rollback_to(&SAVEPOINT);
    let source = test_transaction::not_undone(transaction, undone.err().unwrap_or(refusal.into()));
    Err(Reason::Commit(&SITE, source).into())
}

/// A connection that a handle has led to, for as long as somebody wants it.
pub(crate) enum Leased<T> {
    /// That of an open transaction.
    OfTransaction(Lent<T>),
    /// One of the pool.
    OfPool(T),
}

/// Takes the connection of the transaction that is open around the running code, or outside of any one of the pool.
pub(crate) fn lease<H: Exclusive>(handle: &H) -> Result<Leased<H::Transaction>, BoxError> {
    match handle.local().around()? {
        None => Ok(Leased::OfPool(handle.acquire()?)),
        Some(Reached { guard: slot, place }) => {
            let lent = Slot::lend(&slot, place.site())?;
            Ok(Leased::OfTransaction(lent))
        }
    }
}
