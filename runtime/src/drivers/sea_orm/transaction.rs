//! The transaction of sea-orm, whatever the source.

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ::sea_orm::{DatabaseTransaction, DbErr};

use super::begin::{Beginning, begin, finish, in_terms_of_sea_orm, roll_back};
use super::database::{Database, execute};
use super::pragmas;
use super::source::Origin;
#[cfg(feature = "ambient")]
use super::source::SeaOrm;
#[cfg(feature = "ambient")]
use crate::ambient;
use crate::configured::{has_ended, is_over};
use crate::drivers::dialect::postgresql_settings;
use crate::error::{BoxError, Error};
use crate::executor::spawn;
use crate::options::Options;
#[cfg(feature = "ambient")]
use crate::pool_id::PoolId;
use crate::settings::Settings;
use crate::transaction::{
    Abandoned, AsyncTransaction, CommitError, ConnectionId, Keeper, RollbackError, Savepoint,
    Session, TransactionStatus,
};

/// A transaction of sea-orm.
pub struct SeaOrmTransaction<'c> {
    origin: Origin<'c>,
    database: Database,
    /// Kept here, so that it can go on when the block is cancelled.
    beginning: Option<Beginning>,
    begun: Option<DatabaseTransaction>,
}

impl fmt::Debug for SeaOrmTransaction<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SeaOrmTransaction")
    }
}

impl<'c> SeaOrmTransaction<'c> {
    pub(super) fn on(origin: Origin<'c>) -> Result<Self, BoxError> {
        Ok(Self {
            database: origin.database()?,
            origin,
            beginning: None,
            begun: None,
        })
    }

    fn open(&self) -> Option<&DatabaseTransaction> {
        match self.origin {
            Origin::Connection(_) => self.begun.as_ref(),
            Origin::Transaction(transaction) => Some(transaction),
        }
    }

    pub(super) fn transaction(&self) -> &DatabaseTransaction {
        match self.open() {
            Some(transaction) => transaction,
            None => unreachable!("each step comes between begin and end"),
        }
    }

    fn into_owned(self) -> Result<SeaOrmTransaction<'static>, Self> {
        let Self {
            origin,
            database,
            beginning,
            begun,
        } = self;
        match origin {
            Origin::Connection(connection) => Ok(SeaOrmTransaction {
                origin: Origin::Connection(Cow::Owned(connection.into_owned())),
                database,
                beginning,
                begun,
            }),
            Origin::Transaction(_) => Err(Self {
                origin,
                database,
                beginning,
                begun,
            }),
        }
    }

    /// Has sqlx count the transaction out: a rollback of what is open now, an empty one, is queued, and goes out with the
    /// ping that the pool sends when it has the connection back. Nobody waits for it, and it is no message more.
    ///
    /// The lock that this takes is free, unless somebody else has a transaction that the body has begun inside this one.
    pub(super) fn count_out(&mut self) {
        let begun = self.begun.take();
        quietly(|| drop(begun));
    }
}

/// sea-orm's transaction panics when it is dropped while somebody uses it.
fn quietly(f: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(f));
}

impl Session for SeaOrmTransaction<'_> {
    type Handle<'t>
        = &'t DatabaseTransaction
    where
        Self: 't;

    fn handle(&mut self) -> &DatabaseTransaction {
        self.transaction()
    }

    /// The address of the transaction that the body sees. Before there is one, that of its place.
    fn connection_id(&mut self) -> ConnectionId {
        match self.open() {
            Some(transaction) => ConnectionId::of(transaction),
            None => ConnectionId::of(self),
        }
    }

    fn status(&mut self) -> TransactionStatus {
        match self.open() {
            Some(_) => TransactionStatus::Open,
            None => TransactionStatus::Idle,
        }
    }

    fn owns_connection(&self) -> bool {
        matches!(self.origin, Origin::Connection(_))
    }

    /// sea-orm lets nobody close a connection: a rollback is queued, and the pool has the connection back.
    fn closes_connection(&self) -> bool {
        false
    }

    fn driver(&self) -> &'static str {
        self.database.driver()
    }

    #[cfg(feature = "ambient")]
    fn pool(&self) -> PoolId {
        ambient::pool_of::<SeaOrm>(|| None)
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        self.database.is_transient(error)
    }

    fn was_rolled_back_by(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        self.database.was_rolled_back_by(error)
    }
}

impl AsyncTransaction for SeaOrmTransaction<'_> {
    async fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        self.database.supports(options)?;
        let Origin::Connection(connection) = &self.origin else {
            unreachable!("a block in an open transaction is not outermost");
        };
        let connection = connection.clone().into_owned();
        let beginning = begin(self.database, connection, in_terms_of_sea_orm(options));
        let begun = self.beginning.insert(Box::pin(beginning)).await;
        self.beginning = None;
        self.begun = Some(begun?);
        if options.deferrable {
            execute(self.transaction(), "SET TRANSACTION DEFERRABLE").await?;
        }
        Ok(())
    }

    /// sea-orm sends a `BEGIN` of its own, so that this is another message.
    async fn begin_with(
        &mut self,
        options: &Options,
        settings: &mut Settings,
    ) -> Result<(), BoxError> {
        if self.database == Database::Sqlite {
            return self.begin_behind_pragmas(options, settings).await;
        }
        let statements = self.database.settings(settings)?;
        self.begin(options).await?;
        Ok(execute(self.transaction(), &statements).await?)
    }

    async fn set_in_test(&mut self, settings: &Settings) -> Result<(), BoxError> {
        self.database.settings(settings)?;
        let set = postgresql_settings::set_in_test(settings)?;
        Ok(execute(self.transaction(), &set).await?)
    }

    async fn unset_in_test(&mut self, settings: &Settings) {
        let unset = postgresql_settings::unset_in_test(settings);
        let _ = execute(self.transaction(), &unset).await;
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        let ended = self.database.end(self.transaction()).await;
        if has_ended(&ended) {
            self.count_out();
        }
        ended
    }

    async fn commit_with(&mut self, settings: &mut Settings) -> Result<(), CommitError> {
        let ended = self.database.end(self.transaction()).await;
        if has_ended(&ended) {
            pragmas::put_back(self.transaction(), settings).await;
            self.count_out();
        }
        ended
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        let undone = self.database.roll_back(self.transaction()).await;
        if !matches!(undone, Err(RollbackError::Failed(_))) {
            self.count_out();
        }
        undone
    }

    async fn rollback_with(&mut self, settings: &mut Settings) -> Result<(), RollbackError> {
        let undone = self.database.roll_back(self.transaction()).await;
        if is_over(&undone) {
            pragmas::put_back(self.transaction(), settings).await;
        }
        if !matches!(undone, Err(RollbackError::Failed(_))) {
            self.count_out();
        }
        undone
    }

    async fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        self.database.create(self.transaction(), savepoint).await
    }

    async fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        self.database.release(self.transaction(), savepoint).await
    }

    async fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        self.database.undo_to(self.transaction(), savepoint).await
    }

    async fn check(&mut self) -> Result<(), CommitError> {
        self.database.check_deferred(self.transaction()).await
    }

    fn keep<K: Keeper<Self>>(self, keeper: K) -> K::Kept {
        match self.into_owned() {
            Ok(owned) => keeper.of_owned(owned, |owned| owned),
            Err(borrowed) => keeper.of_borrowed(borrowed),
        }
    }

    fn abandon(&mut self, abandoned: Abandoned) {
        if abandoned == Abandoned::Nested {
            return;
        }
        let database = self.database;
        let (begun, beginning) = (self.begun.take(), self.beginning.take());
        match (database, begun, beginning) {
            // After a statement that nobody has waited for, a connection of sqlx-mysql can be used once more,
            // if at all: the drop sends `ROLLBACK` together with the last question of the pool.
            (Database::MySql, Some(transaction), _) => quietly(|| drop(transaction)),
            (_, Some(transaction), _) => quietly(|| spawn(roll_back(database, transaction))),
            // The connection's thread undoes by itself a begin that nobody waits for.
            (Database::Sqlite, None, _) | (_, None, None) => {}
            (_, None, Some(beginning)) => quietly(|| spawn(finish(database, beginning))),
        }
    }

    fn abandon_with(&mut self, abandoned: Abandoned, settings: &mut Settings) {
        let is_changed = abandoned != Abandoned::Nested && !settings.changed().is_empty();
        let begun = if is_changed { self.begun.take() } else { None };
        let Some(transaction) = begun else {
            return self.abandon(abandoned);
        };
        let given_up = pragmas::give_up(self.database, transaction, std::mem::take(settings));
        quietly(|| spawn(given_up));
    }
}

/// Carries an error of ours in sea-orm's, which shows a source behind an `Arc`, but not its type.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Carrier(#[source] Error);

/// The driver's own error where there is one and it tells the whole story; otherwise an error that
/// has the [`Error`] among its sources, for [`Error::find`].
impl From<Error> for DbErr {
    fn from(error: Error) -> Self {
        error
            .into_driver_error()
            .unwrap_or_else(|error| Self::TryIntoErr {
                from: "a block",
                into: "a committed transaction",
                source: Arc::new(Carrier(error)),
            })
    }
}
