//! `diesel`: every connection, and pools of r2d2.
//!
//! | source | the body sees |
//! | --- | --- |
//! | `&mut C`, for every `C: diesel::Connection`, also a generic one, a pooled one, and the enum of `#[derive(MultiConnection)]` | `&mut C` |
//! | `PooledConnection<M>`, by value (feature `diesel-r2d2`) | `&mut PooledConnection<M>`, which a function that takes `&mut C` accepts as well |
//! | `&Pool<M>`, `Pool<M>` (feature `diesel-r2d2`) | the same |
//!
//! A connection that came from a pool is given back before deferred calls run.
//!
//! diesel counts the transactions that are begun here, so `conn.transaction(…)` inside a body is a
//! savepoint, and an annotated function inside of `conn.transaction(…)` is one, too. Inside of
//! `begin_test_transaction` it behaves as an outermost one, and what it defers runs.
//!
//! What is verified, and how, depends on the database: PostgreSQL, MySQL, MariaDB and SQLite are known.
//! Each step is one message, also where it is verified. On SQLite, `BEGIN` and `COMMIT` are kept in diesel's cache of
//! prepared statements.
//!
//! # What cannot be kept
//!
//! Errors of diesel carry no codes: besides PostgreSQL's 40001 and, in the statements of a body, MySQL's
//! 1213, none is known to be worth another attempt, so `attempts` does nothing for a deadlock on PostgreSQL
//! or a busy file of SQLite; nor for an error of diesel behind an `#[error(transparent)]`, which does not
//! show it.
//!
//! Where the database is another one, or one of several behind `#[derive(MultiConnection)]`, its
//! transactions are those of diesel's own manager, which have no options, and of which it alone knows
//! whether they were there to commit.
//!
//! On SQLite, each nested block tries a `BEGIN` first, to find out whether SQLite has ended the transaction
//! by itself, and diesel's instrumentation sees it fail.

#[cfg(feature = "diesel-r2d2")]
mod r2d2;
mod usual;

use std::future::{Future, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use ::diesel::connection::{
    Connection, InstrumentationEvent, TransactionManager, TransactionManagerStatus,
};
use ::diesel::result::QueryResult;

#[cfg(feature = "diesel-r2d2")]
pub use self::r2d2::Pooled;
use super::diesel_steps::{
    self as steps, Database, Interrupted, Line, Managed, Steps, Tenure, Usual,
};
use crate::error::BoxError;
use crate::options::Options;
use crate::transaction::{
    Begin, CommitError, ConnectionId, RollbackError, Savepoint, Session, Transaction,
    TransactionStatus,
};

/// Marks the sources of diesel.
#[derive(Debug)]
pub enum Diesel {}

/// How a source leads to its connection.
pub trait Hold {
    /// The connection.
    type Connection: Connection;

    /// What the body sees.
    type Handle<'t>
    where
        Self: 't;

    /// Whether dropping the source gives the connection back.
    const OWNS: bool;

    /// Lends the connection to the body.
    fn lend(&mut self) -> Self::Handle<'_>;

    /// The connection itself.
    fn connection(&mut self) -> &mut Self::Connection;
}

impl<'c, C: Connection> Hold for &'c mut C {
    type Connection = C;
    type Handle<'t>
        = &'t mut C
    where
        'c: 't;

    const OWNS: bool = false;

    fn lend(&mut self) -> &mut C {
        self
    }

    fn connection(&mut self) -> &mut C {
        self
    }
}

impl<'c, C: Connection> Begin<Diesel> for &'c mut C {
    type Transaction = DieselTransaction<&'c mut C>;

    fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(DieselTransaction::on(self))
    }
}

/// A transaction on a connection of diesel.
#[derive(Debug)]
pub struct DieselTransaction<H> {
    holder: H,
    steps: Steps,
}

impl<H: Hold> DieselTransaction<H> {
    fn on(holder: H) -> Self {
        let database = Database::of::<<H::Connection as Connection>::Backend>();
        Self {
            holder,
            steps: Steps::on(database, Interrupted::Works),
        }
    }

    fn parts(&mut self) -> (&mut Steps, Direct<'_, H::Connection>) {
        (&mut self.steps, Direct(self.holder.connection()))
    }

    fn manager_status(&mut self) -> &mut TransactionManagerStatus {
        status_of(self.holder.connection())
    }
}

impl<H: Hold> Session for DieselTransaction<H> {
    type Handle<'t>
        = H::Handle<'t>
    where
        Self: 't;

    fn handle(&mut self) -> H::Handle<'_> {
        self.holder.lend()
    }

    fn connection_id(&mut self) -> ConnectionId {
        steps::id(self.manager_status())
    }

    fn status(&mut self) -> TransactionStatus {
        steps::status(self.manager_status())
    }

    fn owns_connection(&self) -> bool {
        H::OWNS
    }

    fn driver(&self) -> &'static str {
        match self.steps.database() {
            Database::PostgreSql => "diesel-postgres",
            Database::MySql => "diesel-mysql",
            Database::Sqlite => "diesel-sqlite",
            Database::Other => "diesel",
        }
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        steps::is_transient(error)
    }

    fn was_rolled_back_by(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        steps::explains_end(self.steps.database(), error)
    }
}

impl<H: Hold> Transaction for DieselTransaction<H> {
    fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        let tenure = if H::OWNS {
            Tenure::Owned
        } else {
            Tenure::Borrowed
        };
        let (steps, mut line) = self.parts();
        at_once(steps.begin(&mut line, options, tenure))
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        let (steps, mut line) = self.parts();
        at_once(steps.commit(&mut line))
    }

    fn rollback(&mut self) -> Result<(), RollbackError> {
        let (steps, mut line) = self.parts();
        at_once(steps.rollback(&mut line))
    }

    fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        let (steps, mut line) = self.parts();
        at_once(steps.savepoint(&mut line, savepoint))
    }

    fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        let (steps, mut line) = self.parts();
        at_once(steps.release(&mut line, savepoint))
    }

    fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        let (steps, mut line) = self.parts();
        at_once(steps.rollback_to(&mut line, savepoint))
    }

    /// Has diesel refuse further transactions, and a pool discard the connection, unless it is known that
    /// nothing is open.
    fn discard(&mut self) {
        if self.steps.in_doubt() {
            self.manager_status().set_in_error();
        }
    }
}

/// The steps are written for both kinds of connection; this kind has answered when it returns.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing in it is waited for"),
    }
}

fn status_of<C: Connection>(connection: &mut C) -> &mut TransactionManagerStatus {
    C::TransactionManager::transaction_manager_status_mut(connection)
}

/// A connection whose answers are there at once.
struct Direct<'c, C>(&'c mut C);

impl<C: Connection> Line for Direct<'_, C> {
    fn send(&mut self, sql: &str) -> impl Future<Output = QueryResult<()>> + Send {
        ready(self.0.batch_execute(sql))
    }

    fn send_usual(&mut self, usual: Usual) -> impl Future<Output = QueryResult<()>> + Send {
        ready(usual::execute(self.0, usual))
    }

    fn manage(&mut self, step: Managed) -> impl Future<Output = QueryResult<()>> + Send {
        ready(match step {
            Managed::Begin => C::TransactionManager::begin_transaction(self.0),
            Managed::Commit => C::TransactionManager::commit_transaction(self.0),
            Managed::RollBack => C::TransactionManager::rollback_transaction(self.0),
        })
    }

    fn status(&mut self) -> &mut TransactionManagerStatus {
        status_of(self.0)
    }

    fn tell(&mut self, event: InstrumentationEvent<'_>) {
        self.0.instrumentation().on_connection_event(event);
    }
}
