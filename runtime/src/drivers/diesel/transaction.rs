//! The transaction on a connection of diesel.

use std::future::{Future, ready};
use std::ops::DerefMut;

use ::diesel::connection::{
    Connection, InstrumentationEvent, TransactionManager, TransactionManagerStatus,
};
use ::diesel::result::QueryResult;

use super::cached_statement;
use crate::at_once::at_once;
use crate::drivers::diesel_steps::{
    CachedStatement, Database, DieselBlock, Driver, Executor, Hold, Interrupted, Managed, Names,
    Steps,
};
use crate::error::BoxError;
use crate::options::Options;
use crate::settings::Settings;
use crate::transaction::{
    Begin, CommitError, Owned, RollbackError, Savepoint, Session, Transaction,
};

/// Marks the sources of diesel.
#[derive(Debug)]
pub enum Diesel {}

/// A transaction on a connection of diesel.
pub(super) type DieselTransaction<H> = DieselBlock<Diesel, H>;

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

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        DieselBlock::on(self)
    }
}

impl<G: DerefMut<Target: Connection>> Begin<Diesel> for Owned<G> {
    type Transaction = DieselTransaction<Self>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
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
        let source = (self.holder.ownership(), self.driver());
        let (steps, mut executor) = self.parts();
        at_once(steps.begin(&mut executor, |database| database.begin(options), source))
    }

    fn begin_with(&mut self, options: &Options, settings: &mut Settings) -> Result<(), BoxError> {
        let source = (self.holder.ownership(), self.driver());
        let (steps, mut executor) = self.parts();
        at_once(steps.begin_with(&mut executor, options, settings, source))
    }

    fn set_in_test(&mut self, settings: &Settings) -> Result<(), BoxError> {
        let driver = self.driver();
        let (steps, mut executor) = self.parts();
        at_once(steps.set_in_test(&mut executor, settings, driver))
    }

    fn unset_in_test(&mut self, settings: &Settings) {
        at_once(Steps::unset_in_test(&mut self.parts().1, settings));
    }

    /// Has diesel refuse further transactions where it cannot be done.
    fn put_back(&mut self, settings: &mut Settings) {
        at_once(Steps::put_back(&mut self.parts().1, settings));
        if !settings.changed().is_empty() {
            self.manager_status().set_in_error();
        }
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
