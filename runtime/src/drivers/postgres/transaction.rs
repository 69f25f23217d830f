//! The transaction on a connection to PostgreSQL, whatever the source.

use std::borrow::Cow;
use std::future::{Future, ready};

use ::postgres::Error as PostgresError;

use super::sources::Hold;
use crate::at_once::at_once;
use crate::drivers::dialect::{postgresql, postgresql_settings};
use crate::drivers::postgres_steps::{self as steps, Executor, Origin, Steps};
use crate::error::BoxError;
use crate::options::{Options, Unsupported};
use crate::settings::Settings;
use crate::transaction::{
    CommitError, ConnectionId, RollbackError, Savepoint, Session, Transaction, TransactionStatus,
};

const DRIVER: &str = "postgres";

/// A transaction on a connection to PostgreSQL.
#[derive(Debug)]
pub struct PostgresTransaction<H> {
    holder: H,
    steps: Steps,
}

impl<H: Hold> PostgresTransaction<H> {
    pub(super) fn new(holder: H) -> Self {
        let steps = Steps::default();
        Self { holder, steps }
    }

    fn begin_by(&mut self, begin: Result<Cow<'static, str>, Unsupported>) -> Result<(), BoxError> {
        if H::STATUS == TransactionStatus::Open {
            return Err("a transaction is open already".into());
        }
        let begin = begin?;
        let origin = Origin {
            driver: DRIVER,
            ownership: self.holder.ownership(),
        };
        let (steps, mut connection) = self.parts();
        at_once(steps.begin(&mut connection, &begin, origin))
    }

    fn parts(&mut self) -> (&mut Steps, Direct<'_, H>) {
        (&mut self.steps, Direct(&mut self.holder))
    }
}

/// A connection whose answers are there at once.
struct Direct<'c, H>(&'c mut H);

impl<H: Hold> Executor for Direct<'_, H> {
    fn send(&mut self, sql: &str) -> impl Future<Output = Result<(), PostgresError>> + Send {
        ready(self.0.send(sql))
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

impl<H: Hold> Session for PostgresTransaction<H> {
    type Handle<'h>
        = H::Handle<'h>
    where
        Self: 'h;

    fn handle(&mut self) -> H::Handle<'_> {
        self.holder.lend()
    }

    fn connection_id(&mut self) -> ConnectionId {
        self.holder.id()
    }

    fn status(&mut self) -> TransactionStatus {
        H::STATUS
    }

    fn owns_connection(&self) -> bool {
        self.holder.ownership().is_owned()
    }

    fn clears_leftovers(&self) -> bool {
        self.holder.ownership().clears_leftovers()
    }

    fn closes_connection(&self) -> bool {
        self.holder.ownership().closes_connection()
    }

    /// All sources borrow their connection mutably, or have it.
    fn is_exclusive(&self) -> bool {
        true
    }

    fn driver(&self) -> &'static str {
        DRIVER
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        steps::is_transient(error)
    }
}

impl<H: Hold> Transaction for PostgresTransaction<H> {
    fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        self.begin_by(postgresql::begin(options))
    }

    fn begin_with(&mut self, options: &Options, settings: &mut Settings) -> Result<(), BoxError> {
        let begin = postgresql_settings::before(settings, postgresql::begin(options));
        self.begin_by(begin)
    }

    fn set_in_test(&mut self, settings: &Settings) -> Result<(), BoxError> {
        let set = postgresql_settings::set_in_test(settings)?;
        Ok(self.holder.send(&set)?)
    }

    fn unset_in_test(&mut self, settings: &Settings) {
        let _ = self
            .holder
            .send(&postgresql_settings::unset_in_test(settings));
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        let (steps, mut connection) = self.parts();
        at_once(steps.commit(&mut connection))
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        let (steps, mut connection) = self.parts();
        at_once(steps.rollback(&mut connection))
    }

    fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        let (steps, mut connection) = self.parts();
        at_once(steps.savepoint(&mut connection, savepoint))
    }

    fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        let (steps, mut connection) = self.parts();
        at_once(steps.release(&mut connection, savepoint))
    }

    fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        let (steps, mut connection) = self.parts();
        at_once(steps.rollback_to(&mut connection, savepoint))
    }

    fn check(&mut self) -> Result<(), CommitError> {
        at_once(Steps::check(&mut Direct(&mut self.holder)))
    }

    /// A connection that answers is rolled back; one that does not cannot be closed from here.
    fn discard(&mut self) {
        if let Some(undo) = self.steps.abandon() {
            let _ = self.holder.send(&undo);
        }
    }
}
