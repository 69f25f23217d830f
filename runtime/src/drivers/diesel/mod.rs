//! `diesel`: every connection, and pools of r2d2.
//!
//! | source | the body sees |
//! | --- | --- |
//! | `&mut C`, for every `C: diesel::Connection`, also a generic one, a pooled one, and the enum of `#[derive(MultiConnection)]` | `&mut C` |
//! | `PooledConnection<M>`, by value (feature `diesel-r2d2`) | `&mut PooledConnection<M>`, which a function that takes `&mut C` accepts as well |
//! | `&Pool<M>`, `Pool<M>` (feature `diesel-r2d2`) | the same |
//! | [`Owned(guard)`](crate::Owned), for every guard that dereferences to a connection: of a mutex, of a pool, a box | `&mut C` |
//!
//! A connection that came from a pool, or with a guard, is given back before deferred calls run. What its last user
//! has left open is rolled back, and observers are told; of a transaction in plain SQL on MySQL they are not, as
//! nobody hears of it there.
//!
//! diesel counts the transactions that are begun here, so `conn.transaction(…)` inside a body is a
//! savepoint, and an annotated function inside of `conn.transaction(…)` is one, too. This crate has not begun the
//! savepoint of diesel, and hears nothing of its end: an annotated function in it that defers a call is undone, and
//! returns [`NotOwned`](crate::Error::NotOwned), whatever is around. Inside of
//! `begin_test_transaction` it behaves as an outermost one, and what it defers runs.
//!
//! What is verified, and how, depends on the database: PostgreSQL, MySQL, MariaDB and SQLite are known.
//! Each step is one message, also where it is verified. On SQLite, `BEGIN` and `COMMIT` are kept in diesel's cache of
//! prepared statements.
//!
//! # What cannot be kept
//!
//! On MySQL, `START TRANSACTION` commits what is open in plain SQL on a connection that is borrowed, or was written there with
//! `autocommit = 0`. Rows of a table that knows no transactions, such as one of `MyISAM`, stay whatever becomes of the block.
//! `completion_type` is the session's: with `CHAIN`, a transaction is open after the block.
//!
//! Errors of diesel carry no codes: besides PostgreSQL's 40001 and, in the statements of a body, MySQL's
//! 1213, none is known to be worth another attempt, so `attempts` does nothing for a deadlock on PostgreSQL
//! or a busy file of SQLite; nor for an error of diesel behind an `#[error(transparent)]`, which does not
//! show it.
//!
//! diesel does not say how severe an error of PostgreSQL is. So a `COMMIT` is known to be refused where a constraint, a
//! serialization failure or a transaction that may only read is the reason, and the server goes on answering. After
//! any other error, such as that of a deferred trigger, the outcome is unknown: it may as well come from a pooler that
//! has lost its server behind a `COMMIT`.
//!
//! A connection that has died while the body was at something else is found dead at the commit, and diesel does not
//! tell whether it was before or after: the outcome is unknown, though nothing was stored. A rollback on a dead
//! connection to PostgreSQL counts as done; for MySQL diesel does not tell a dead connection from any other failure,
//! so where it was borrowed the outcome is unknown.
//!
//! Where the database is another one, or one of several behind `#[derive(MultiConnection)]`, its
//! transactions are those of diesel's own manager, which have no options, and of which it alone knows
//! whether they were there to commit. A backend that has the name of a known database, and is another type than the
//! one that this version knows, is refused.
//!
//! A body that ends the transaction and begins another one in plain SQL has that one committed in place of its own, and
//! its deferred calls run: on PostgreSQL with `ROLLBACK AND CHAIN`, on SQLite with `ROLLBACK` and `BEGIN`. On MySQL, and
//! where diesel sees the end of a transaction of PostgreSQL, that is an error.
//!
//! On SQLite, each nested block tries a `BEGIN` first, to find out whether SQLite has ended the transaction
//! by itself, and diesel's instrumentation sees it fail.

mod cached_statement;
#[cfg(feature = "diesel-r2d2")]
mod r2d2;

use std::future::{Future, ready};
use std::ops::DerefMut;

use ::diesel::connection::{
    Connection, InstrumentationEvent, TransactionManager, TransactionManagerStatus,
};
use ::diesel::result::QueryResult;

#[cfg(feature = "diesel-r2d2")]
pub use self::r2d2::Pooled;
use super::diesel_steps::{
    CachedStatement, Database, Driver, Executor, Interrupted, Managed, Names, Steps,
};
pub use super::diesel_steps::{DieselBlock, Hold, Ownership};
use crate::at_once::at_once;
use crate::error::BoxError;
use crate::options::Options;
use crate::transaction::{
    Begin, CommitError, Owned, RollbackError, Savepoint, Session, Transaction,
};

/// Marks the sources of diesel.
#[derive(Debug)]
pub enum Diesel {}

/// A transaction on a connection of diesel.
pub type DieselTransaction<H> = DieselBlock<Diesel, H>;

impl<C: Connection> Driver<C> for Diesel {
    type Backend = C::Backend;

    const NAMES: Names = Names {
        postgresql: "diesel-postgres",
        mysql: "diesel-mysql",
        sqlite: "diesel-sqlite",
        other: "diesel",
    };

    fn status(connection: &mut C) -> &mut TransactionManagerStatus {
        C::TransactionManager::transaction_manager_status_mut(connection)
    }

    fn interrupted(_: Database) -> Interrupted {
        Interrupted::Works
    }
}

impl<'c, C: Connection> Begin<Diesel> for &'c mut C {
    type Transaction = DieselTransaction<&'c mut C>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        DieselBlock::on(self)
    }
}

impl<G: DerefMut<Target: Connection>> Begin<Diesel> for Owned<G> {
    type Transaction = DieselTransaction<Self>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        DieselBlock::on(self)
    }
}

impl<H> DieselTransaction<H>
where
    H: Hold,
    H::Connection: Connection,
{
    fn parts(&mut self) -> (&mut Steps, Direct<'_, H::Connection>) {
        (&mut self.steps, Direct(self.holder.connection()))
    }
}

impl<H> Transaction for DieselTransaction<H>
where
    H: Hold,
    H::Connection: Connection,
{
    fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        let source = (H::OWNERSHIP, self.driver());
        let (steps, mut executor) = self.parts();
        at_once(steps.begin(&mut executor, options, source))
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        let (steps, mut executor) = self.parts();
        at_once(steps.commit(&mut executor))
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        let (steps, mut executor) = self.parts();
        at_once(steps.rollback(&mut executor))
    }

    fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        let (steps, mut executor) = self.parts();
        at_once(steps.savepoint(&mut executor, savepoint))
    }

    fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        let (steps, mut executor) = self.parts();
        at_once(steps.release(&mut executor, savepoint))
    }

    fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        let (steps, mut executor) = self.parts();
        at_once(steps.rollback_to(&mut executor, savepoint))
    }

    fn check(&mut self) -> Result<(), CommitError> {
        let (steps, mut executor) = self.parts();
        at_once(steps.check(&mut executor))
    }

    /// Has diesel refuse further transactions, and a pool discard the connection, unless it is known that
    /// nothing is open.
    fn discard(&mut self) {
        if self.steps.in_doubt() {
            self.manager_status().set_in_error();
        }
    }
}

/// A connection whose answers are there at once.
struct Direct<'c, C>(&'c mut C);

impl<C: Connection> Executor for Direct<'_, C> {
    fn send(&mut self, sql: &str) -> impl Future<Output = QueryResult<()>> + Send {
        ready(self.0.batch_execute(sql))
    }

    fn send_cached(
        &mut self,
        statement: CachedStatement,
    ) -> impl Future<Output = QueryResult<()>> + Send {
        ready(cached_statement::execute(self.0, statement))
    }

    fn manage(&mut self, step: Managed) -> impl Future<Output = QueryResult<()>> + Send {
        ready(match step {
            Managed::Begin => C::TransactionManager::begin_transaction(self.0),
            Managed::Commit => C::TransactionManager::commit_transaction(self.0),
            Managed::RollBack => C::TransactionManager::rollback_transaction(self.0),
        })
    }

    fn status(&mut self) -> &mut TransactionManagerStatus {
        Diesel::status(self.0)
    }

    fn tell(&mut self, event: InstrumentationEvent<'_>) {
        self.0.instrumentation().on_connection_event(event);
    }
}
