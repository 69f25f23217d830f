//! `sea-orm`: connections and transactions, and code that is generic over both.
//!
//! | source | the body sees |
//! | --- | --- |
//! | `&DatabaseConnection`, `DatabaseConnection` | `&DatabaseTransaction` |
//! | `&DatabaseTransaction` | `&DatabaseTransaction`; always a savepoint |
//! | `&C` where `C: TransactionTrait<Transaction = DatabaseTransaction> + 'static` | `&DatabaseTransaction` |
//!
//! ```
//! # use commit_on_success::{commit_on_success, defer};
//! # use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, TransactionTrait};
//! /// A transaction of its own on a connection, a savepoint inside another function like it.
//! #[commit_on_success]
//! async fn rename<C>(db: &C, id: i32, title: String) -> Result<(), DbErr>
//! where
//!     C: TransactionTrait<Transaction = DatabaseTransaction> + 'static,
//! {
//!     db.execute_unprepared("UPDATE object SET changed = 1").await?; // `db` is a `&DatabaseTransaction`
//!     defer!(println!("{id} is {title} now"));
//!     Ok(())
//! }
//! ```
//!
//! A `TransactionTrait` of your own that leads to one of the two is refused when it is used: give the
//! attribute what is inside it, `tx = &self.connection`. A `RestrictedConnection` takes no plain SQL, and is no
//! source. A `MockDatabase` takes what is sent for statements, and wants a result for each.
//!
//! A connection goes back to its pool before deferred calls run. One behind a lock is given by value, so that the lock
//! is free by then: `tx = self.db.lock().await.clone()`.
//!
//! # At once
//!
//! A `&DatabaseTransaction` can be lent twice, and functions on it can run at once (`join!`, `join_all`). Blocks that do
//! would share what is undone: rolling back to the savepoint of one takes what the other has stored since. So while one
//! is open the second is refused, with an error that says so, and its body does not run. Let one run after the other;
//! or let them join the transaction with `propagation = required`, and then any number of them may run at once, of which
//! none can be undone alone. On a `&DatabaseConnection` each has a transaction of its own.
//!
//! # What is sent
//!
//! sea-orm begins the outermost transaction, so that `begin` inside a body is a savepoint. Nested blocks are
//! savepoints in plain SQL, because a nested `begin` of sea-orm 2.0 that fails rolls back the *outer*
//! transaction. The end is plain SQL as well, because sea-orm's `commit` says `Ok` where nothing was stored: what
//! fails in a transaction that is lost goes before `COMMIT` in the same message, and costs no round trip.
//! PostgreSQL has to be version 12 or later.
//!
//! A `COMMIT` that was sent when its future is dropped is seen to its end by a task of tokio, with its calls.
//!
//! That MySQL has waited for a lock in vain, and another attempt is worth it, is only known with the feature
//! `sqlx-mysql`.
//!
//! # What cannot be kept
//!
//! - A nested block that is cancelled inside a transaction opened by hand leaves its writes in that transaction.
//! - A transaction that the body begins with sea-orm itself, and does not end, is committed or rolled back with
//!   the block; dropping it right after that can panic, as sea-orm does where the connection is in use. On MySQL,
//!   whoever still holds it after the body has panicked can commit what the block has written.
//! - Where the session has ended while the body waited, and the body returns `Ok`, nobody knows what was stored, though
//!   it is nothing in all likelihood: `COMMIT` was sent in the same message as the statement that looks after the
//!   transaction. A body that fails, or asks for a rollback, is rolled back then.
//! - A rollback that is refused, for which there is no known reason, leaves an unknown outcome: a connection of sea-orm
//!   cannot be closed by anybody else than its pool.
//! - Calls deferred inside a transaction that the body begins with sea-orm itself are refused, as nobody would
//!   tell when it ends.
//! - A transaction that the body ends in plain SQL, and replaces by another one, is committed as if it was the
//!   block's.
//! - What somebody else has left open on a pooled connection of PostgreSQL, in plain SQL, is taken for a part of
//!   the block.
//! - Rows of a MySQL table that knows no transactions, such as one of `MyISAM`, stay whatever becomes of the block.
//! - sqlx-mysql 0.9 never gets a connection back whose future is dropped while it prepares a statement; nothing is
//!   left open on it.
//! - sqlx-sqlite 0.9 goes on counting a transaction that the body has begun with sea-orm and SQLite has rolled back
//!   by itself, so that what is sent on the same connection later, outside of any block, may not be stored.
//! - A block that is cancelled while it begins, on another runtime than tokio, can leave its connection to the
//!   pool with a transaction open.

mod begin;
mod check;
mod code;
mod database;
mod ends;
mod savepoint;
mod source;

use std::borrow::Cow;
use std::fmt;
use std::future::Future as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Waker};

use ::sea_orm::{DatabaseTransaction, DbErr};

use self::begin::{Beginning, begin, finish, in_terms_of_sea_orm, roll_back};
use self::database::{Database, execute};
use self::source::Origin;
pub use self::source::SeaOrm;
use super::original::original;
use crate::error::{BoxError, Error};
use crate::executor::spawn;
use crate::options::Options;
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
    fn on(origin: Origin<'c>) -> Result<Self, BoxError> {
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

    fn transaction(&self) -> &DatabaseTransaction {
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

    /// Has sqlx count the transaction out, without waiting for it: what is open now is an empty one.
    fn count_out(&mut self) {
        let Some(transaction) = self.begun.take() else {
            return;
        };
        let mut counting = Box::pin(async move {
            let _ = transaction.commit().await;
        });
        let mut context = Context::from_waker(Waker::noop());
        if counting.as_mut().poll(&mut context).is_pending() {
            quietly(|| spawn(counting));
        }
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

    async fn commit(&mut self) -> Result<(), CommitError> {
        let ended = self.database.end(self.transaction()).await;
        if !matches!(
            ended,
            Err(CommitError::Refused(_) | CommitError::Aborted | CommitError::Unknown(_))
        ) {
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
}

/// Carries an error of ours in sea-orm's, which shows a source behind an `Arc`, but not its type.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Carrier(#[source] Error);

/// The driver's own error where there is one and it tells the whole story; otherwise an error that
/// has the [`Error`] among its sources, for [`Error::find`].
impl From<Error> for DbErr {
    fn from(error: Error) -> Self {
        original(error).unwrap_or_else(|error| Self::TryIntoErr {
            from: "a block",
            into: "a committed transaction",
            source: Arc::new(Carrier(error)),
        })
    }
}
