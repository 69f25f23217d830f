//! The one transaction for all databases and sources.

use std::future::Future;

use sqlx_core::database::Database;
use sqlx_core::sql_str::{AssertSqlSafe, SqlSafeStr as _, SqlStr};
use sqlx_core::transaction::TransactionManager;

use super::backend::{Backend, Fate, Later};
#[cfg(feature = "ambient")]
use super::db::address;
use super::error::said_by_database;
use super::hold::{HasConnection, Hold, Ownership};
use super::steps::{StillNested, count_out, depth, sql};
#[cfg(feature = "ambient")]
use crate::ambient;
use crate::drivers::dialect::undo;
use crate::error::BoxError;
use crate::observer;
use crate::options::Options;
#[cfg(feature = "ambient")]
use crate::pool_id::PoolId;
use crate::settings::Settings;
use crate::transaction::{
    Abandoned, AsyncTransaction, CommitError, ConnectionId, Keeper, RollbackError, Savepoint,
    Session, TransactionStatus,
};

/// A transaction on a connection of sqlx.
#[derive(Debug)]
pub struct SqlxTransaction<H> {
    holder: H,
    /// Whether somebody is asked when the answer to `COMMIT` is lost.
    settles: bool,
}

type DatabaseOf<H> = <H as HasConnection>::Database;
type ManagerOf<H> = <DatabaseOf<H> as Database>::TransactionManager;

impl<H: Hold> SqlxTransaction<H> {
    pub(super) fn new(holder: H) -> Self {
        let settles = false;
        Self { holder, settles }
    }

    /// The connection.
    #[cfg(feature = "ambient")]
    pub(super) fn connection(&self) -> &<DatabaseOf<H> as Database>::Connection {
        self.holder.connection()
    }

    /// The connection.
    #[cfg(feature = "ambient")]
    pub(super) fn connection_mut(&mut self) -> &mut <DatabaseOf<H> as Database>::Connection {
        self.holder.connection_mut()
    }

    /// On a connection whose last user may have queued a rollback that sqlx has yet to count.
    pub(super) async fn after_catching_up(mut holder: H) -> Self {
        H::Database::catch_up(holder.connection_mut()).await;
        Self::new(holder)
    }

    pub(super) fn of_parts(holder: H, settles: bool) -> Self {
        Self { holder, settles }
    }

    pub(super) fn into_parts(self) -> (H, bool) {
        (self.holder, self.settles)
    }

    /// Whether there is a pool to ask.
    fn later(&self) -> Later {
        self.holder.pool().map_or(Later::Never, |_| Later::Ask)
    }

    async fn begin_by(
        &mut self,
        options: &Options,
        finished: impl Fn(SqlStr) -> SqlStr + Send,
    ) -> Result<(), BoxError> {
        let later = self.later();
        let ownership = self.holder.ownership();
        let statement = H::Database::begin(options, later, ownership)?;
        self.settles = options.settle;
        let owns = self.owns_connection();
        let connection = self.holder.connection_mut();
        let begun = ManagerOf::<H>::begin(connection, Some(finished(statement)));
        let Err(error) = begun.await else {
            return Ok(());
        };
        if !(owns && H::Database::clear(connection, &error).await) {
            return Err(error.into());
        }
        observer::leftover_rolled_back(H::Database::DRIVER);
        let statement = H::Database::begin(options, later, ownership)?;
        Ok(ManagerOf::<H>::begin(connection, Some(finished(statement))).await?)
    }

    /// A refusal that is none of those that the probe is sent for may be the answer to another statement, and then the
    /// connection is out of step.
    fn after_failed_probe(&mut self, failure: &CommitError) {
        match failure {
            CommitError::RolledBack(_) => self.forget_dead(),
            CommitError::Refused(error) if !error.is::<StillNested>() => self.close_doubtful(),
            _ => {}
        }
    }

    fn close_doubtful(&mut self) {
        if H::Database::DOUBTFUL == Fate::Close {
            self.holder.close();
        }
    }

    /// Gives up a connection that is dead: a pool replaces it, and on one that is borrowed the next block fails to
    /// begin, instead of to nest.
    fn forget_dead(&mut self) {
        count_out::<H::Database>(self.holder.connection_mut());
        self.close_doubtful();
    }
}

impl<H: Hold> Session for SqlxTransaction<H> {
    type Handle<'t>
        = H::Handle<'t>
    where
        Self: 't;

    fn handle(&mut self) -> H::Handle<'_> {
        self.holder.lend()
    }

    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::of(self.holder.connection())
    }

    fn status(&mut self) -> TransactionStatus {
        match depth::<H::Database>(self.holder.connection()) {
            0 => TransactionStatus::Idle,
            _ => TransactionStatus::Open,
        }
    }

    fn owns_connection(&self) -> bool {
        self.holder.ownership() != Ownership::Borrowed
    }

    fn closes_connection(&self) -> bool {
        self.holder.ownership() == Ownership::Pooled && H::Database::DOUBTFUL == Fate::Close
    }

    /// All sources have the connection, or borrow it mutably.
    fn is_exclusive(&self) -> bool {
        true
    }

    fn levels(&mut self) -> Option<u32> {
        u32::try_from(depth::<H::Database>(self.holder.connection())).ok()
    }

    fn driver(&self) -> &'static str {
        H::Database::DRIVER
    }

    #[cfg(feature = "ambient")]
    fn pool(&self) -> PoolId {
        ambient::pool_of::<H::Database>(|| self.holder.pool().map(address))
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        said_by_database(error).is_some_and(H::Database::is_transient)
    }

    fn was_rolled_back_by(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        said_by_database(error).is_some_and(H::Database::was_rolled_back_by)
    }
}

impl<H: Hold> AsyncTransaction for SqlxTransaction<H> {
    fn begin(&mut self, options: &Options) -> impl Future<Output = Result<(), BoxError>> + Send {
        self.begin_by(options, |begin| begin)
    }

    async fn begin_with(
        &mut self,
        options: &Options,
        settings: &mut Settings,
    ) -> Result<(), BoxError> {
        // Refused before anything is sent.
        H::Database::begin(options, self.later(), self.holder.ownership())?;
        let (before, behind) = H::Database::around_begin(settings, self.holder.ownership())?;
        let owns = self.owns_connection();
        H::Database::change(self.holder.connection_mut(), settings, owns).await?;
        let before = &before;
        self.begin_by(options, |begin| {
            // The values are quoted.
            AssertSqlSafe(format!("{before}{}{behind}", begin.as_str())).into_sql_str()
        })
        .await
    }

    async fn put_back(&mut self, settings: &mut Settings) {
        let connection = self.holder.connection_mut();
        if H::Database::put_back(connection, settings).await.is_err() {
            self.holder.close();
        }
    }

    async fn set_in_test(&mut self, settings: &Settings) -> Result<(), BoxError> {
        let set = sql(H::Database::set_in_test(settings)?.into());
        Ok(H::Database::execute(self.holder.connection_mut(), set).await?)
    }

    async fn unset_in_test(&mut self, settings: &Settings) {
        let unset = sql(H::Database::unset_in_test(settings).into());
        let _ = H::Database::execute(self.holder.connection_mut(), unset).await;
    }

    fn put_back_unheard(&mut self, settings: &mut Settings) {
        H::Database::put_back_unheard(self.holder.connection_mut(), settings);
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        let later = if self.settles {
            Later::Ask
        } else {
            Later::Never
        };
        if later == Later::Never
            && let Some(connection) = self.holder.pooled()
        {
            return H::Database::commit_pooled(connection).await;
        }
        let connection = self.holder.connection_mut();
        let id = match H::Database::probe(connection, later).await {
            Ok(id) => id,
            Err(failure) => {
                self.after_failed_probe(&failure);
                return Err(failure);
            }
        };
        let committed = H::Database::commit(connection).await;
        let (Err(CommitError::Unknown(_)), Some(pool)) = (&committed, self.holder.pool()) else {
            return committed;
        };
        H::Database::resolve(pool, &id, committed).await
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        let rolled_back = match self.holder.pooled() {
            Some(connection) => H::Database::rollback_pooled(connection).await,
            None => H::Database::rollback(self.holder.connection_mut()).await,
        };
        if matches!(rolled_back, Err(RollbackError::Disconnected(_))) {
            self.forget_dead();
        }
        rolled_back
    }

    async fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        Ok(H::Database::savepoint(self.holder.connection_mut(), savepoint).await?)
    }

    async fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        let connection = self.holder.connection_mut();
        match H::Database::execute(connection, sql(savepoint.release())).await {
            Ok(()) => Ok(()),
            Err(error) => Err(H::Database::savepoint_failure(connection, error).await),
        }
    }

    async fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        let connection = self.holder.connection_mut();
        match H::Database::execute(connection, sql(undo(*savepoint).into())).await {
            Ok(()) => Ok(()),
            Err(error) => Err(H::Database::savepoint_failure(connection, error)
                .await
                .into()),
        }
    }

    async fn check(&mut self) -> Result<(), CommitError> {
        H::Database::check(self.holder.connection_mut()).await
    }

    fn abandon(&mut self, abandoned: Abandoned) {
        let fate = H::Database::abandon(self.holder.connection_mut(), abandoned);
        if fate == Fate::Close {
            self.holder.close();
        }
    }

    fn recovers(&self) -> bool {
        H::Database::RECOVERS
    }

    async fn recover(&mut self) -> bool {
        H::Database::recover(self.holder.connection_mut()).await
    }

    fn keep<K: Keeper<Self>>(self, keeper: K) -> K::Kept {
        H::keep(self, keeper)
    }
}
