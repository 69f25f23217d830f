//! `diesel-async`: every connection, and pools of deadpool and bb8.
//!
//! | source | the body sees |
//! | --- | --- |
//! | `&mut C`, for every `C: AsyncConnection`, also a generic one, and a pooled one | `&mut C` |
//! | `Object<C>` of deadpool, by value (feature `diesel-async-deadpool`) | `&mut Object<C>`, which a function that takes `&mut C` accepts as well |
//! | `&Pool<C>`, `Pool<C>` of deadpool (feature `diesel-async-deadpool`) | the same |
//! | `PooledConnection<C>` of bb8, by value (feature `diesel-async-bb8`) | `&mut PooledConnection<C>` |
//! | `&Pool<C>`, `Pool<C>` of bb8 (feature `diesel-async-bb8`) | the same |
//! | [`Owned(guard)`](crate::Owned), for every guard that is `Send` and dereferences to a connection: of a mutex of tokio, of a pool, a box | `&mut C` |
//!
//! A connection that came from a pool, or with a guard, is given back before deferred calls run. What its last user
//! has left open is rolled back, and observers are told; of a transaction in plain SQL on MySQL they are not, as
//! nobody hears of it there.
//!
//! diesel-async counts the transactions that are begun here, so `conn.transaction(…)` inside a body is a
//! savepoint, and an annotated function inside of `conn.transaction(…)` is one, too. This crate has not begun the
//! savepoint of diesel-async, and hears nothing of its end: an annotated function in it that defers a call is undone,
//! and returns [`NotOwned`](crate::Error::NotOwned), whatever is around. Inside of
//! `begin_test_transaction` it behaves as an outermost one, and what it defers runs.
//!
//! What is verified, and how, depends on the database: PostgreSQL, MySQL, MariaDB and SQLite are known.
//! Each step is one message, also where it is verified.
//!
//! With a pool as the source, a `COMMIT` that was sent when its future is dropped is seen to its end by a task of
//! tokio, with its calls; so it is with an `Object` of deadpool by value.
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
//! On MySQL, `START TRANSACTION` commits what is open in plain SQL on a connection that is borrowed, or was written there with
//! `autocommit = 0`. Rows of a table that knows no transactions, such as one of `MyISAM`, stay whatever becomes of the block.
//! `completion_type` is the session's: with `CHAIN`, a transaction is open after the block.
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
//! A body that ends the transaction and begins another one in plain SQL (`ROLLBACK AND CHAIN` does both) has that one
//! committed in place of its own, and its deferred calls run. On MySQL that is an error.
//!
//! diesel-async does not say how severe an error of PostgreSQL is. So a `COMMIT` is known to be refused where a constraint, a
//! serialization failure or a transaction that may only read is the reason, and the server goes on answering. After
//! any other error, such as that of a deferred trigger, the outcome is unknown: it may as well come from a pooler that
//! has lost its server behind a `COMMIT`.
//!
//! A connection that has died while the body was at something else is found dead at the commit, and diesel-async does
//! not tell whether it was before or after: the outcome is unknown, though nothing was stored. A rollback on a dead
//! connection to PostgreSQL counts as done; for MySQL diesel-async does not tell a dead connection from any other
//! failure, so where it was borrowed the outcome is unknown.
//!
//! Where the database is another one, its transactions are those of diesel-async's own manager, which have no
//! options, and of which it alone knows whether they were there to commit. A backend that has the name of a known
//! database, and is another type than the one that this version knows, is refused.
//!
//! diesel's instrumentation sees a statement fail in each commit and rollback on MySQL, and, on SQLite, a
//! `BEGIN` before each nested block, which finds out whether SQLite has ended the transaction by itself.

#[cfg(feature = "diesel-async-bb8")]
mod bb8;
#[cfg(feature = "diesel-async-deadpool")]
mod deadpool;
mod on_drop;

use std::future::Future;
use std::ops::DerefMut;

use ::diesel::connection::{InstrumentationEvent, TransactionManagerStatus};
use ::diesel::result::QueryResult;
use ::diesel_async::{AsyncConnection, TransactionManager};

#[cfg(feature = "diesel-async-bb8")]
pub use self::bb8::{Given, Taken};
#[cfg(feature = "diesel-async-deadpool")]
pub use self::deadpool::Deadpool;
use self::on_drop::OnDrop;
use super::diesel_steps::{
    self as steps, Database, Driver, Executor, Interrupted, Managed, Names, Steps,
};
pub use super::diesel_steps::{DieselBlock, Hold, Ownership};
use crate::error::BoxError;
use crate::options::Options;
use crate::transaction::{
    Abandoned, AsyncBegin, AsyncTransaction, CommitError, Keeper, Owned, RollbackError, Savepoint,
    Session,
};

/// Marks the sources of diesel-async.
#[derive(Debug)]
pub enum DieselAsync {}

/// A transaction on a connection of diesel-async.
pub type DieselAsyncTransaction<H> = DieselBlock<DieselAsync, H>;

impl<C: AsyncConnection> Driver<C> for DieselAsync {
    type Backend = C::Backend;

    const NAMES: Names = Names {
        postgresql: "diesel-async-postgres",
        mysql: "diesel-async-mysql",
        sqlite: "diesel-async-sqlite",
        other: "diesel-async",
    };

    fn status(connection: &mut C) -> &mut TransactionManagerStatus {
        C::TransactionManager::transaction_manager_status_mut(connection)
    }

    fn interrupted(database: Database) -> Interrupted {
        OnDrop::of::<C>(database).interrupted()
    }
}

/// A source, and the connection of diesel-async that it leads to.
pub trait AsyncHold: Hold<Connection: AsyncConnection> + Send + Sized {
    /// Gives a transaction to a keeper.
    fn keep<K: Keeper<DieselAsyncTransaction<Self>>>(
        transaction: DieselAsyncTransaction<Self>,
        keeper: K,
    ) -> K::Kept {
        keeper.of_borrowed(transaction)
    }
}

impl<C: AsyncConnection> AsyncHold for &mut C {}

impl<G: DerefMut<Target: AsyncConnection> + Send> AsyncHold for Owned<G> {}

impl<'c, C: AsyncConnection> AsyncBegin<DieselAsync> for &'c mut C {
    type Transaction = DieselAsyncTransaction<&'c mut C>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        DieselBlock::on(self)
    }
}

impl<G> AsyncBegin<DieselAsync> for Owned<G>
where
    G: DerefMut<Target: AsyncConnection> + Send,
{
    type Transaction = DieselAsyncTransaction<Self>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        DieselBlock::on(self)
    }
}

impl<H: AsyncHold> AsyncTransaction for DieselAsyncTransaction<H> {
    async fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        let source = (H::OWNERSHIP, self.driver());
        let (steps, mut executor) = self.parts();
        steps.begin(&mut executor, options, source).await
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        let (steps, mut executor) = self.parts();
        steps.commit(&mut executor).await
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        let (steps, mut executor) = self.parts();
        steps.rollback(&mut executor).await
    }

    async fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        let (steps, mut executor) = self.parts();
        steps.savepoint(&mut executor, savepoint).await
    }

    async fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        let (steps, mut executor) = self.parts();
        steps.release(&mut executor, savepoint).await
    }

    async fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        let (steps, mut executor) = self.parts();
        steps.rollback_to(&mut executor, savepoint).await
    }

    async fn check(&mut self) -> Result<(), CommitError> {
        let (steps, mut executor) = self.parts();
        steps.check(&mut executor).await
    }

    fn abandon(&mut self, abandoned: Abandoned) {
        match abandoned {
            Abandoned::Nested => self.abandon_nested(),
            Abandoned::Open => self.abandon_outermost(),
            Abandoned::Interrupted if self.steps.in_doubt() => {
                self.abandon_outermost();
                // The reason may be that the connection is broken.
                if H::OWNERSHIP == Ownership::Pooled && self.on_drop() == OnDrop::Queue {
                    self.close();
                }
            }
            Abandoned::Interrupted => {}
        }
    }

    fn has_undone(&self) -> bool {
        self.steps.has_undone()
    }

    /// `AsyncPgConnection` answers in order.
    fn recovers(&self) -> bool {
        self.on_drop() == OnDrop::Queue
    }

    async fn recover(&mut self) -> bool {
        let (steps, mut executor) = self.parts();
        let recovered = !steps.in_doubt() || executor.send("ROLLBACK").await.is_ok();
        if recovered {
            steps.assume_rolled_back(&mut executor);
        }
        recovered
    }

    fn keep<K: Keeper<Self>>(self, keeper: K) -> K::Kept {
        H::keep(self, keeper)
    }
}

impl<H: AsyncHold> DieselAsyncTransaction<H> {
    fn parts(&mut self) -> (&mut Steps, Distant<'_, H::Connection>) {
        (&mut self.steps, Distant(self.holder.connection()))
    }

    fn on_drop(&self) -> OnDrop {
        OnDrop::of::<H::Connection>(self.steps.database())
    }

    /// Has diesel-async refuse further transactions, and a pool throw the connection away.
    fn close(&mut self) {
        self.manager_status().set_in_error();
        self.holder.close();
    }

    fn abandon_outermost(&mut self) {
        if self.roll_back_now() {
            let (steps, mut executor) = self.parts();
            steps.assume_rolled_back(&mut executor);
        } else {
            self.close();
        }
    }

    /// Whether nothing is going to be open by the time that anything else is done on the connection.
    fn roll_back_now(&mut self) -> bool {
        match self.on_drop() {
            OnDrop::Queue => on_drop::queue(self.parts().1.send("ROLLBACK")),
            OnDrop::Thread => {
                let mut executor = Distant(self.holder.connection());
                // The rollback begins when a statement that was interrupted has let go of the connection.
                on_drop::wait(steps::clear_sqlite(&mut executor)) == Some(true)
            }
            OnDrop::Nothing => false,
        }
    }

    /// The transaction around it goes on. The savepoint stays, as whoever has it may undo the block
    /// again.
    fn abandon_nested(&mut self) {
        let on_drop = self.on_drop();
        let (steps, mut executor) = self.parts();
        let undone = steps.savepoint_of_body().is_some_and(|savepoint| {
            let sql = savepoint.rollback_to();
            match on_drop {
                OnDrop::Queue => on_drop::queue(executor.send(&sql)),
                OnDrop::Thread => matches!(on_drop::wait(executor.send(&sql)), Some(Ok(()))),
                OnDrop::Nothing => false,
            }
        });
        if on_drop == OnDrop::Nothing {
            executor.status().set_in_error();
        } else {
            steps.assume_rolled_back_to(&mut executor, undone);
        }
    }
}

/// A connection whose answers have to be awaited.
struct Distant<'c, C>(&'c mut C);

impl<C: AsyncConnection> Executor for Distant<'_, C> {
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
        DieselAsync::status(self.0)
    }

    fn tell(&mut self, event: InstrumentationEvent<'_>) {
        self.0.instrumentation().on_connection_event(event);
    }
}
