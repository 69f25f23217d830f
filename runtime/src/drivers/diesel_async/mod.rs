//! `diesel-async`: every connection, and pools of deadpool and bb8.
//!
//! | source | the body sees |
//! | --- | --- |
//! | `&mut C`, for every `C: AsyncConnection`, also a generic one, and a pooled one | `&mut C` |
//! | `Object<C>` of deadpool, by value (feature `diesel-async-deadpool`) | `&mut Object<C>`, which a function that takes `&mut C` accepts as well |
//! | `&Pool<C>`, `Pool<C>` of deadpool (feature `diesel-async-deadpool`) | the same |
//! | `PooledConnection<C>` of bb8, by value (feature `diesel-async-bb8`) | `&mut PooledConnection<C>` |
//! | `&Pool<C>`, `Pool<C>` of bb8 (feature `diesel-async-bb8`) | the same |
//!
//! A connection that came from a pool is given back before deferred calls run.
//!
//! diesel-async counts the transactions that are begun here, so `conn.transaction(…)` inside a body is a
//! savepoint, and an annotated function inside of `conn.transaction(…)` is one, too. Inside of
//! `begin_test_transaction` it behaves as an outermost one, and what it defers runs.
//!
//! What is verified, and how, depends on the database: PostgreSQL, MySQL, MariaDB and SQLite are known.
//! Each step is one message, also where it is verified.
//!
//! When a future is dropped, `AsyncPgConnection` is sent a `ROLLBACK`, behind whatever still runs, and
//! `SyncConnectionWrapper<SqliteConnection>` is rolled back before the drop returns; both can be used again.
//! `AsyncMysqlConnection` cannot be told anything without waiting for it: one that came from a pool is
//! thrown away. If it was in the middle of a statement, it may take that statement's answer for the answer to
//! the next one. So each commit and rollback on it ends with a statement that fails and has the server repeat a
//! name, and where the answer is to something else, the outcome is unknown and the connection thrown away.
//!
//! # What cannot be kept
//!
//! A borrowed `AsyncMysqlConnection` on which a future was dropped keeps its transaction open until its owner
//! drops it, and refuses every further one with `BrokenTransactionManager`.
//!
//! A future that is dropped while bb8 checks an `AsyncMysqlConnection` leaves it out of step for whoever gets
//! it next, so use deadpool there, or `test_on_check_out(false)`.
//!
//! A pooled connection on which a future was dropped may be thrown away, and a SQLite database in memory with it.
//!
//! `SyncConnectionWrapper` panics when a statement's future is dropped on a runtime of a single thread.
//!
//! Errors of diesel carry no codes: besides PostgreSQL's 40001 none is known to be worth another attempt, so
//! `attempts` does nothing for a deadlock or a busy file of SQLite; nor for an error of diesel behind an
//! `#[error(transparent)]`, which does not show it.
//!
//! Where the database is another one, its transactions are those of diesel-async's own manager, which have no
//! options, and of which it alone knows whether they were there to commit.
//!
//! diesel's instrumentation sees a statement fail in each commit and rollback on MySQL, and, on SQLite, a
//! `BEGIN` before each nested block, which finds out whether SQLite has ended the transaction by itself.

#[cfg(feature = "diesel-async-bb8")]
mod bb8;
#[cfg(feature = "diesel-async-deadpool")]
mod deadpool;
mod hold;
mod reach;

use std::future::Future;

use ::diesel::connection::{InstrumentationEvent, TransactionManagerStatus};
use ::diesel::result::{Error as DieselError, QueryResult};
use ::diesel_async::{
    AsyncConnection, AsyncConnectionCore, SimpleAsyncConnection, TransactionManager,
};

#[cfg(feature = "diesel-async-bb8")]
pub use self::bb8::Bb8;
#[cfg(feature = "diesel-async-deadpool")]
pub use self::deadpool::Deadpool;
pub use self::hold::Hold;
use self::reach::Reach;
use super::diesel_steps::{self as steps, Database, Line, Managed, Steps, Tenure};
use crate::error::BoxError;
use crate::options::Options;
use crate::transaction::{
    Abandoned, AsyncBegin, AsyncTransaction, CommitError, ConnectionId, RollbackError, Savepoint,
    Session, TransactionStatus,
};

/// Marks the sources of diesel-async.
#[derive(Debug)]
pub enum DieselAsync {}

impl<'c, C: AsyncConnection> AsyncBegin<DieselAsync> for &'c mut C {
    type Transaction = DieselAsyncTransaction<&'c mut C>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(DieselAsyncTransaction::on(self))
    }
}

/// A transaction on a connection of diesel-async.
#[derive(Debug)]
pub struct DieselAsyncTransaction<H> {
    holder: H,
    steps: Steps,
    reach: Reach,
    /// Whether the connection was given up.
    closed: bool,
}

impl<H: Hold> DieselAsyncTransaction<H> {
    fn on(holder: H) -> Self {
        let database = Database::of::<<H::Connection as AsyncConnectionCore>::Backend>();
        let reach = Reach::of::<H::Connection>(database);
        Self {
            holder,
            steps: Steps::on(database, reach.interrupted()),
            reach,
            closed: false,
        }
    }

    fn parts(&mut self) -> (&mut Steps, Distant<'_, H::Connection>) {
        (&mut self.steps, Distant(self.holder.connection()))
    }

    fn manager_status(&mut self) -> &mut TransactionManagerStatus {
        status_of(self.holder.connection())
    }

    fn close(&mut self) {
        self.closed = true;
        self.holder.close();
    }
}

impl<H: Hold> Session for DieselAsyncTransaction<H> {
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
            Database::PostgreSql => "diesel-async-postgres",
            Database::MySql => "diesel-async-mysql",
            Database::Sqlite => "diesel-async-sqlite",
            Database::Other => "diesel-async",
        }
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        steps::is_transient(error)
    }

    fn was_rolled_back_by(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        steps::explains_end(self.steps.database(), error)
    }
}

impl<H: Hold> AsyncTransaction for DieselAsyncTransaction<H> {
    async fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        if self.closed {
            return Err(DieselError::BrokenTransactionManager.into());
        }
        let tenure = if H::OWNS {
            Tenure::Owned
        } else {
            Tenure::Borrowed
        };
        let (steps, mut line) = self.parts();
        steps.begin(&mut line, options, tenure).await
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        let (steps, mut line) = self.parts();
        steps.commit(&mut line).await
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        let (steps, mut line) = self.parts();
        steps.rollback(&mut line).await
    }

    async fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        let (steps, mut line) = self.parts();
        steps.savepoint(&mut line, savepoint).await
    }

    async fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        let (steps, mut line) = self.parts();
        steps.release(&mut line, savepoint).await
    }

    async fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        let (steps, mut line) = self.parts();
        steps.rollback_to(&mut line, savepoint).await
    }

    fn abandon(&mut self, abandoned: Abandoned) {
        match abandoned {
            Abandoned::Nested => self.abandon_nested(),
            Abandoned::Open => self.abandon_outermost(),
            Abandoned::Interrupted if self.steps.in_doubt() => {
                self.abandon_outermost();
                // It may be because the connection is broken.
                if H::OWNS && self.reach == Reach::Queue {
                    self.close();
                }
            }
            Abandoned::Interrupted => {}
        }
    }
}

impl<H: Hold> DieselAsyncTransaction<H> {
    fn abandon_outermost(&mut self) {
        if self.roll_back_now() {
            let (steps, mut line) = self.parts();
            steps.give_up(&mut line);
        } else if H::OWNS {
            self.close();
        } else {
            self.manager_status().set_in_error();
        }
    }

    /// Whether nothing is going to be open by the time that anything else is done on the connection.
    fn roll_back_now(&mut self) -> bool {
        match self.reach {
            Reach::Queue => {
                reach::queue(self.holder.connection().batch_execute("ROLLBACK"));
                true
            }
            Reach::Thread => {
                let mut line = Distant(self.holder.connection());
                // Begins when a statement that was interrupted has let go of the connection.
                reach::wait(steps::clear_sqlite(&mut line)) == Some(true)
            }
            Reach::Nothing => false,
        }
    }

    /// The transaction around it goes on. The savepoint stays, as whoever has it may undo the block
    /// again.
    fn abandon_nested(&mut self) {
        if self.reach == Reach::Nothing {
            self.manager_status().set_in_error();
            return;
        }
        if let Some(savepoint) = self.steps.savepoint_of_body() {
            let sql = savepoint.rollback_to();
            let undone = self.holder.connection().batch_execute(&sql);
            match self.reach {
                Reach::Thread => drop(reach::wait(undone)),
                Reach::Queue | Reach::Nothing => reach::queue(undone),
            }
        }
        let (steps, mut line) = self.parts();
        steps.give_up_nested(&mut line);
    }
}

fn status_of<C: AsyncConnection>(connection: &mut C) -> &mut TransactionManagerStatus {
    C::TransactionManager::transaction_manager_status_mut(connection)
}

/// A connection whose answers have to be awaited.
struct Distant<'c, C>(&'c mut C);

impl<C: AsyncConnection> Line for Distant<'_, C> {
    fn send(&mut self, sql: &str) -> impl Future<Output = QueryResult<()>> + Send {
        self.0.batch_execute(sql)
    }

    async fn manage(&mut self, step: Managed) -> QueryResult<()> {
        match step {
            Managed::Begin => C::TransactionManager::begin_transaction(self.0).await,
            Managed::Commit => C::TransactionManager::commit_transaction(self.0).await,
            Managed::RollBack => C::TransactionManager::rollback_transaction(self.0).await,
        }
    }

    fn status(&mut self) -> &mut TransactionManagerStatus {
        status_of(self.0)
    }

    fn tell(&mut self, event: InstrumentationEvent<'_>) {
        self.0.instrumentation().on_connection_event(event);
    }
}
