//! The transaction on a connection of diesel-async.

use std::future::Future;
use std::ops::DerefMut;

use ::diesel::connection::{InstrumentationEvent, TransactionManagerStatus};
use ::diesel::result::QueryResult;
use ::diesel_async::{AsyncConnection, TransactionManager};

use super::on_drop::{self, OnDrop};
use crate::drivers::diesel_steps::{
    self as steps, Database, DieselBlock, Driver, Executor, Hold, Interrupted, Managed, Names,
    Ownership, Steps,
};
use crate::error::BoxError;
use crate::options::Options;
use crate::settings::Settings;
use crate::transaction::{
    Abandoned, AsyncBegin, AsyncTransaction, CommitError, Keeper, Owned, RollbackError, Savepoint,
    Session,
};

/// Marks the sources of diesel-async.
#[derive(Debug)]
pub enum DieselAsync {}

/// A transaction on a connection of diesel-async.
pub(super) type DieselAsyncTransaction<H> = DieselBlock<DieselAsync, H>;

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

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        DieselBlock::on(self)
    }
}

impl<G> AsyncBegin<DieselAsync> for Owned<G>
where
    G: DerefMut<Target: AsyncConnection> + Send,
{
    type Transaction = DieselAsyncTransaction<Self>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        DieselBlock::on(self)
    }
}

impl<H: AsyncHold> AsyncTransaction for DieselAsyncTransaction<H> {
    async fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        let source = (self.holder.ownership(), self.driver());
        let (steps, mut executor) = self.parts();
        let statements = |database: Database| database.begin(options);
        steps.begin(&mut executor, statements, source).await
    }

    async fn begin_with(
        &mut self,
        options: &Options,
        settings: &mut Settings,
    ) -> Result<(), BoxError> {
        let source = (self.holder.ownership(), self.driver());
        let (steps, mut executor) = self.parts();
        steps
            .begin_with(&mut executor, options, settings, source)
            .await
    }

    async fn set_in_test(&mut self, settings: &Settings) -> Result<(), BoxError> {
        let driver = self.driver();
        let (steps, mut executor) = self.parts();
        steps.set_in_test(&mut executor, settings, driver).await
    }

    async fn unset_in_test(&mut self, settings: &Settings) {
        Steps::unset_in_test(&mut self.parts().1, settings).await;
    }

    /// Has diesel-async refuse further transactions where it cannot be done.
    async fn put_back(&mut self, settings: &mut Settings) {
        Steps::put_back(&mut self.parts().1, settings).await;
        if !settings.changed().is_empty() {
            self.close();
        }
    }

    /// The connection's thread is waited for, as it is for the rollback before.
    fn put_back_unheard(&mut self, settings: &mut Settings) {
        if self.on_drop() == OnDrop::Thread {
            let _ = on_drop::wait(Steps::put_back(&mut self.parts().1, settings));
        }
        if !settings.changed().is_empty() {
            self.close();
        }
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
                if self.holder.ownership() == Ownership::Pooled && self.on_drop() == OnDrop::Queue {
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
