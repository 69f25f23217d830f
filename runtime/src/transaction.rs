//! The traits that a driver adapter implements.
//!
//! A source (`&mut Connection`, `&Pool`, …) implements [`Begin`] or [`AsyncBegin`], which takes hold
//! of a connection; the [`Transaction`] or [`AsyncTransaction`] that it returns translates single
//! steps into the driver's language. What to do when, and what a failure means for the caller, is
//! decided elsewhere, once for all drivers.

mod nothing;

use std::future::Future;

use crate::configured;
use crate::error::BoxError;
use crate::options::{Options, Unsupported};
pub use crate::savepoint::Savepoint;
use crate::settings::Settings;

/// Tells connections apart while they are borrowed: two blocks on the same connection nest, two on
/// different connections are independent.
///
/// ```
/// use commit_on_success::ConnectionId;
///
/// let connection = Box::new(7_u64);
/// let other = 7_u64;
/// assert_eq!(ConnectionId::of::<u64>(&connection), ConnectionId::of(&*connection));
/// assert_ne!(ConnectionId::of(&other), ConnectionId::of(&*connection));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionId(usize);

impl ConnectionId {
    /// The identity of a connection that stays where it is as long as the transaction lives: its
    /// address. Give it the connection itself, not the smart pointer around it, so that every way
    /// to reach the connection gives the same answer; and nothing of size zero.
    #[must_use]
    pub fn of<C: ?Sized>(connection: &C) -> Self {
        Self(std::ptr::from_ref(connection).cast::<()>().addr())
    }

    /// An identity that the driver itself has for a connection.
    #[must_use]
    pub const fn new(id: usize) -> Self {
        Self(id)
    }
}

/// Why a commit, or the release of a savepoint, did not happen.
///
/// ```
/// use commit_on_success::CommitError;
///
/// /// The answer to `COMMIT` in an adapter, where `None` is a connection that broke.
/// fn committed(answer: Option<&'static str>) -> Result<(), CommitError> {
///     match answer {
///         Some("COMMIT") => Ok(()),
///         Some("ROLLBACK") => Err(CommitError::RolledBack("a statement had failed".into())),
///         Some(refusal) => Err(CommitError::Refused(refusal.into())),
///         None => Err(CommitError::Unknown("no answer".into())),
///     }
/// }
///
/// assert!(matches!(committed(None), Err(CommitError::Unknown(_))));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum CommitError {
    /// The database refused it; the transaction is still open and can be rolled back.
    Refused(BoxError),
    /// A statement had failed and the database will not store anything, as PostgreSQL says with
    /// SQLSTATE 25P02; the transaction is still open and can be rolled back.
    Aborted,
    /// The database refused it, or it was never sent, and nothing is open any more: nothing was stored.
    RolledBack(BoxError),
    /// The transaction had ended before.
    Ended,
    /// The connection broke while the commit was in flight.
    Unknown(BoxError),
}

/// Why a rollback did not happen.
///
/// ```
/// use commit_on_success::RollbackError;
///
/// /// The answer to `ROLLBACK` in an adapter, where `None` is a connection that broke.
/// fn rolled_back(answer: Option<&'static str>) -> Result<(), RollbackError> {
///     match answer {
///         Some("ROLLBACK") => Ok(()),
///         Some("no transaction") => Err(RollbackError::Ended),
///         Some(failure) => Err(RollbackError::Failed(failure.into())),
///         None => Err(RollbackError::Disconnected("no answer".into())),
///     }
/// }
///
/// assert!(matches!(rolled_back(None), Err(RollbackError::Disconnected(_))));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum RollbackError {
    /// The transaction had ended before, so that nobody knows whether it was undone.
    Ended,
    /// The connection is gone, and the transaction with it: a server rolls back what a client that it has
    /// lost leaves open.
    Disconnected(BoxError),
    /// The driver failed, and the transaction may still be open.
    Failed(BoxError),
}

impl From<CommitError> for RollbackError {
    /// For a driver that looks at a failed release and a failed rollback to a savepoint in the same way.
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Ended => Self::Ended,
            CommitError::RolledBack(error) => Self::Disconnected(error),
            CommitError::Refused(error) | CommitError::Unknown(error) => Self::Failed(error),
            CommitError::Aborted => Self::Failed("the transaction is aborted".into()),
        }
    }
}

/// The state of a connection, as its driver knows it without asking the server.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::TransactionStatus;
///
/// fn status(connection: &rusqlite::Connection) -> TransactionStatus {
///     if connection.is_autocommit() { TransactionStatus::Idle } else { TransactionStatus::Open }
/// }
///
/// let connection = rusqlite::Connection::open_in_memory()?;
/// assert_eq!(status(&connection), TransactionStatus::Idle);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionStatus {
    /// No transaction is open.
    Idle,
    /// A transaction is open, whoever opened it.
    Open,
    /// A transaction is open that the driver knows to be a test's, and never to be committed, such as
    /// diesel's `begin_test_transaction`. Blocks in it behave as outermost ones.
    Test,
    /// The driver does not keep track. Then only the transactions that this crate has opened are known.
    Untracked,
}

/// A connection that a block has taken hold of.
///
/// ```
/// use commit_on_success::{ConnectionId, Session, TransactionStatus};
///
/// struct Log(Vec<String>);
///
/// impl Session for &mut Log {
///     type Handle<'t> = &'t mut Log where Self: 't;
///
///     fn handle(&mut self) -> &mut Log {
///         self
///     }
///
///     fn connection_id(&mut self) -> ConnectionId {
///         ConnectionId::of::<Log>(self)
///     }
///
///     fn status(&mut self) -> TransactionStatus {
///         TransactionStatus::Untracked
///     }
/// }
/// ```
pub trait Session {
    /// The connection as the body sees it: `&mut Connection`, for example.
    type Handle<'t>
    where
        Self: 't;

    /// Lends the connection to the body.
    fn handle(&mut self) -> Self::Handle<'_>;

    /// Which connection this is. It must be the same for every source that leads to the same
    /// connection, as long as the connection is borrowed.
    ///
    /// It tells places apart. A body that puts another connection in the place of the one that it was lent, with
    /// [`std::mem::swap`] for example, has the transaction of that other connection committed, if there is one, and
    /// not its own.
    fn connection_id(&mut self) -> ConnectionId;

    /// Whether a transaction is open on the connection.
    fn status(&mut self) -> TransactionStatus;

    /// Whether dropping `self` gives the connection back (to its pool, for example). It is then
    /// dropped before deferred calls run, so that these can have it.
    fn owns_connection(&self) -> bool {
        false
    }

    /// Whether a transaction that is open on the connection from the start was left behind by its last user, so that
    /// it is rolled back. Otherwise it belongs to somebody who may still want it, as that of a connection behind a
    /// mutex does, and the block is a savepoint in it.
    fn clears_leftovers(&self) -> bool {
        self.owns_connection()
    }

    /// Whether a connection that is given up ([`discard`](Transaction::discard),
    /// [`abandon`](AsyncTransaction::abandon)) is closed before anybody else can use it, so that its server
    /// rolls back what is open on it.
    fn closes_connection(&self) -> bool {
        self.owns_connection()
    }

    /// Whether the source borrows the connection in such a way that no second block can begin on it before
    /// the first has ended, as `&mut Connection` does. Otherwise two blocks that run side by side in a
    /// transaction that somebody else has opened are looked for, and the second is refused.
    fn is_exclusive(&self) -> bool {
        false
    }

    /// An option that this session was made with, as the attribute spells it, and that only the begin of a transaction can honour.
    /// A block that turns out to be inside of a transaction is refused then, before anything is sent.
    fn option_of_begin(&self) -> Option<&'static str> {
        None
    }

    /// The number of transactions that the driver counts as open on the connection, inside of each other: one for the
    /// transaction, and one for each savepoint that was created through the driver. `None` where it does not
    /// count.
    ///
    /// A block that finds more of them than the block around it has left knows that it is inside of one that
    /// this crate did not open.
    fn levels(&mut self) -> Option<u32> {
        None
    }

    /// The name of the driver and its database, for observers: `sqlx-postgres`.
    fn driver(&self) -> &'static str {
        std::any::type_name::<Self>()
    }

    /// The pool that the connection is from, as far as handles have to know.
    #[doc(hidden)]
    fn pool(&self) -> crate::pool_id::PoolId {
        crate::pool_id::PoolId::NONE
    }

    /// Whether running the whole transaction again may succeed after `error`: a serialization
    /// failure, a deadlock, a busy file, told by the driver's code, never by a message. `error` is
    /// looked at together with its sources.
    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        let _ = error;
        false
    }

    /// Whether `error` explains why the transaction has ended: the database itself has rolled it
    /// back, as MySQL does at a deadlock.
    fn was_rolled_back_by(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        let _ = error;
        false
    }
}

/// A connection that is given away with the guard that leads to it: of a mutex, of a pool, or a box.
///
/// Whatever dereferences to a connection can be the source of a block when it is wrapped in this. The guard is
/// dropped before deferred calls run, so that these can have the connection; where a reference to what the guard leads
/// to is the source (`tx = &mut *connection.lock().await`), a deferred call that locks the same mutex waits for ever.
///
/// A transaction that is open on the connection from the start was left behind by whoever had it last: it is rolled
/// back, and [observers](crate::Observer::leftover_rolled_back) are told.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::{Arc, Mutex, PoisonError};
///
/// use commit_on_success::{Owned, commit_on_success, defer};
/// use rusqlite::Connection;
///
/// type Shared = Arc<Mutex<Connection>>;
///
/// #[commit_on_success(tx = Owned(shared.lock().unwrap_or_else(PoisonError::into_inner)))]
/// fn store(shared: &Shared, title: &'static str) -> rusqlite::Result<()> {
///     tx.execute("INSERT INTO object VALUES (?1)", [title])?;
///     defer!(count(Shared::clone(shared))); // locks the mutex itself
///     Ok(())
/// }
///
/// fn count(shared: Shared) -> rusqlite::Result<()> {
///     let conn = shared.lock().unwrap_or_else(PoisonError::into_inner);
///     let count: i64 = conn.query_row("SELECT count(*) FROM object", [], |row| row.get(0))?;
///     println!("{count} objects");
///     Ok(())
/// }
///
/// let conn = Connection::open_in_memory()?;
/// conn.execute_batch("CREATE TABLE object (title TEXT)")?;
/// store(&Shared::new(Mutex::new(conn)), "Two Generals")?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct Owned<G>(
    /// The guard.
    pub G,
);

/// A source of transactions for sync functions: `conn` in `#[commit_on_success(conn)]`.
///
/// `Driver` is a marker that lets implementations for families of types live side by side; it is
/// always inferred.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::{Begin, Error, commit_on_success, defer};
/// use rusqlite::Connection;
///
/// /// Takes whatever a transaction can be opened on.
/// #[commit_on_success(tx = source)]
/// fn announce<S: Begin<Driver>, Driver>(source: S, news: &'static str) -> Result<(), Error> {
///     let _ = tx;
///     defer!(println!("{news}"));
///     Ok(())
/// }
///
/// announce(&mut Connection::open_in_memory()?, "one")?;
/// announce(&Connection::open_in_memory()?, "another")?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot open a transaction in a sync function",
    label = "not a source of sync transactions",
    note = "sync sources are connections of `rusqlite`, `diesel` and `postgres`, borrowed or from a pool; `commit_on_success::drivers` lists them",
    note = "`sqlx`, `sea-orm`, `diesel-async` and `tokio-postgres` need an `async fn`, or `transaction!(async tx = … => {{ … }})`",
    note = "the first parameter is taken where none is named: `#[commit_on_success(conn)]` names one",
    note = "a connection in a field is borrowed: `tx = &mut self.conn`",
    note = "a guard of a mutex or a pool, or a box, is given away with its connection: `tx = Owned(guard)`",
    note = "is the driver's feature of `commit_on_success` enabled?"
)]
pub trait Begin<Driver>: Sized {
    /// The transaction that the source leads to.
    type Transaction: Transaction;

    /// Takes hold of a connection, without beginning anything on it.
    ///
    /// # Errors
    ///
    /// When there is no connection to be had. The body does not run then.
    fn acquire_session(self) -> Result<Self::Transaction, BoxError>;
}

/// The steps of a transaction on a sync driver. [How to write them](crate::drivers::adapter) is a page of its own.
///
/// ```
/// use std::borrow::Cow;
///
/// # use commit_on_success::{
/// #     Begin, BoxError, CommitError, ConnectionId, Options, RollbackError, Savepoint, Session, Transaction, TransactionStatus,
/// #     commit_on_success,
/// # };
/// /// A connection that keeps what it is told.
/// #[derive(Default)]
/// struct Log(Vec<Cow<'static, str>>);
/// # impl Session for &mut Log {
/// #     type Handle<'t> = &'t mut Log where Self: 't;
/// #
/// #     fn handle(&mut self) -> &mut Log {
/// #         self
/// #     }
/// #
/// #     fn connection_id(&mut self) -> ConnectionId {
/// #         ConnectionId::of::<Log>(self)
/// #     }
/// #
/// #     fn status(&mut self) -> TransactionStatus {
/// #         TransactionStatus::Untracked
/// #     }
/// # }
///
/// impl Transaction for &mut Log {
///     fn begin(&mut self, _: &Options) -> Result<(), BoxError> {
///         Ok(self.0.push("BEGIN".into()))
///     }
///
///     fn commit(&mut self) -> Result<(), CommitError> {
///         Ok(self.0.push("COMMIT".into()))
///     }
///
///     fn rollback(&mut self) -> Result<(), RollbackError> {
///         Ok(self.0.push("ROLLBACK".into()))
///     }
///
///     fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
///         Ok(self.0.push(savepoint.create()))
///     }
///
///     fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
///         Ok(self.0.push(savepoint.release()))
///     }
///
///     fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
///         Ok(self.0.extend([savepoint.rollback_to(), savepoint.release()]))
///     }
/// }
///
/// enum Mine {}
///
/// impl Begin<Mine> for &mut Log {
///     type Transaction = Self;
///
///     fn acquire_session(self) -> Result<Self, BoxError> {
///         Ok(self)
///     }
/// }
///
/// #[commit_on_success]
/// fn write(log: &mut Log) -> Result<(), commit_on_success::Error> {
///     log.0.push("INSERT".into());
///     Ok(())
/// }
///
/// let mut log = Log::default();
/// write(&mut log)?;
/// assert_eq!(log.0, ["BEGIN", "INSERT", "COMMIT"]);
/// # Ok::<(), commit_on_success::Error>(())
/// ```
pub trait Transaction: Session {
    /// Begins the outermost transaction.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Unsupported), before anything is sent, where the database cannot honour
    /// an option; otherwise the driver's. The body does not run then.
    fn begin(&mut self, options: &Options) -> Result<(), BoxError>;

    /// Begins the outermost transaction with settings of its own, of which nothing is left for the next user of the connection.
    ///
    /// What the transaction cannot take back by its end is [remembered](Settings::remember) before it is changed, for
    /// [`put_back`](Self::put_back).
    ///
    /// # Errors
    ///
    /// [`Unsupported`], before anything is sent, where the database has no such settings, which is what it does unless it is
    /// written; otherwise the driver's. The body does not run then.
    fn begin_with(&mut self, options: &Options, settings: &mut Settings) -> Result<(), BoxError> {
        let _ = options;
        Err(Unsupported::new(self.driver(), settings.option()).into())
    }

    /// Gives what is [`changed`](Settings::changed) its old value again, and forgets it. Called where something is: after the end of the
    /// transaction, or a begin that has failed.
    fn put_back(&mut self, settings: &mut Settings) {
        let _ = settings;
    }

    /// Sets them for a block in the transaction of a test, which has created a savepoint before, and keeps what they were.
    ///
    /// # Errors
    ///
    /// As of [`begin_with`](Self::begin_with).
    fn set_in_test(&mut self, settings: &Settings) -> Result<(), BoxError> {
        Err(Unsupported::new(self.driver(), settings.option()).into())
    }

    /// Sets them to what they were, before the savepoint is released, which fails where this has failed.
    fn unset_in_test(&mut self, settings: &Settings) {
        let _ = settings;
    }

    /// Commits the outermost transaction. `Ok` is a promise that it is durable: a driver that
    /// answers `Ok` for a transaction that was rolled back has to be asked first.
    ///
    /// # Errors
    ///
    /// See [`CommitError`].
    fn commit(&mut self) -> Result<(), CommitError>;

    /// Rolls the outermost transaction back.
    ///
    /// # Errors
    ///
    /// See [`RollbackError`].
    fn rollback(&mut self) -> Result<(), RollbackError>;

    /// Creates a savepoint.
    ///
    /// # Errors
    ///
    /// The driver's. The enclosing transaction must be as it was.
    fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError>;

    /// Releases a savepoint, keeping what was done since.
    ///
    /// # Errors
    ///
    /// See [`CommitError`].
    fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError>;

    /// Undoes what was done since the savepoint, and releases it.
    ///
    /// # Errors
    ///
    /// See [`RollbackError`].
    fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError>;

    /// Checks now what the database otherwise checks at `COMMIT` alone, such as deferred constraints, and
    /// leaves the transaction as it was. Asked in the transactions of tests, which are never committed.
    ///
    /// # Errors
    ///
    /// See [`CommitError`].
    fn check(&mut self) -> Result<(), CommitError> {
        Ok(())
    }

    /// Makes sure that nobody else gets a connection of which the state is unknown, as far as that
    /// is possible. Called after a failed begin, a failed rollback or an unknown commit.
    fn discard(&mut self) {}
}

/// A source of transactions for async functions: `pool` in `#[commit_on_success(tx = pool)]`.
///
/// `Driver` is a marker that lets implementations for families of types live side by side; it is
/// always inferred.
///
/// ```
/// # #[cfg(feature = "sqlx-sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::{AsyncBegin, Error, commit_on_success, defer};
/// use sqlx::SqlitePool;
///
/// /// Takes whatever a transaction can be opened on.
/// #[commit_on_success(tx = source)]
/// async fn announce<S: AsyncBegin<Driver>, Driver>(source: S, news: &'static str) -> Result<(), Error> {
///     let _ = tx;
///     defer!(println!("{news}"));
///     Ok(())
/// }
///
/// let pool = SqlitePool::connect("sqlite::memory:").await?;
/// announce(&pool, "one").await?;
/// announce(pool, "another").await?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlx-sqlite"))]
/// # fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot open a transaction in an async function",
    label = "not a source of async transactions",
    note = "async sources are pools, connections and transactions of `sqlx`, `sea-orm`, `diesel-async`, `tokio-postgres` and `deadpool-postgres`; `commit_on_success::drivers` lists them",
    note = "`rusqlite`, `diesel` and `postgres` need a `fn` without `async`",
    note = "the first parameter is taken where none is named: `#[commit_on_success(conn)]` names one",
    note = "a connection in a field is borrowed: `tx = &mut self.conn`",
    note = "a guard of a mutex or a pool, or a box, is given away with its connection: `tx = Owned(guard)`",
    note = "is the driver's feature of `commit_on_success` enabled?"
)]
pub trait AsyncBegin<Driver>: Sized {
    /// The transaction that the source leads to.
    type Transaction: AsyncTransaction;

    /// Takes hold of a connection, without beginning anything on it.
    ///
    /// # Errors
    ///
    /// When there is no connection to be had. The body does not run then.
    ///
    /// # Cancel safety
    ///
    /// A dropped future must leave nothing behind.
    fn acquire_session(self) -> impl Future<Output = Result<Self::Transaction, BoxError>> + Send;
}

/// The step that a transaction was at when its future was dropped.
///
/// ```
/// use commit_on_success::Abandoned;
///
/// /// What an adapter does with a connection that it can close.
/// fn closes(abandoned: Abandoned) -> bool {
///     match abandoned {
///         Abandoned::Open => false, // a rollback that is queued is enough
///         Abandoned::Nested => false,
///         _ => true,
///     }
/// }
///
/// assert!(closes(Abandoned::Interrupted));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Abandoned {
    /// The body was running, in the outermost block: the transaction is open.
    Open,
    /// The block was nested. The transaction around it has been marked, so that it can only be rolled
    /// back; it must not be ended here, or what follows in it would be stored piece by piece.
    Nested,
    /// One of the driver's own steps in the outermost block was under way or had failed: nobody knows
    /// whether a transaction is open on the connection, and nobody else must get it.
    Interrupted,
}

/// The steps of a transaction on an async driver. [How to write them](crate::drivers::adapter#async), with an example, is
/// a page of its own.
///
/// The steps need not be cancel safe: when a future is dropped, whatever it was waiting for,
/// [`abandon`](AsyncTransaction::abandon) is told.
///
/// ```
/// use std::borrow::Cow;
///
/// # use commit_on_success::{
/// #     Abandoned, AsyncBegin, AsyncTransaction, BoxError, CommitError, ConnectionId, Keeper, Options, RollbackError, Savepoint,
/// #     Session, TransactionStatus, commit_on_success,
/// # };
/// /// A connection that keeps what it is told, and is given to its block.
/// struct Log(Vec<Cow<'static, str>>);
///
/// # impl Session for Log {
/// #     type Handle<'t> = &'t mut Log;
/// #
/// #     fn handle(&mut self) -> &mut Log {
/// #         self
/// #     }
/// #
/// #     fn connection_id(&mut self) -> ConnectionId {
/// #         ConnectionId::of(self)
/// #     }
/// #
/// #     fn status(&mut self) -> TransactionStatus {
/// #         TransactionStatus::Untracked
/// #     }
/// # }
///
/// impl AsyncTransaction for Log {
///     async fn begin(&mut self, _: &Options) -> Result<(), BoxError> {
///         Ok(self.0.push("BEGIN".into()))
///     }
///
///     async fn commit(&mut self) -> Result<(), CommitError> {
///         Ok(self.0.push("COMMIT".into()))
///     }
///
///     async fn rollback(&mut self) -> Result<(), RollbackError> {
///         Ok(self.0.push("ROLLBACK".into()))
///     }
///
///     async fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
///         Ok(self.0.push(savepoint.create()))
///     }
///
///     async fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
///         Ok(self.0.push(savepoint.release()))
///     }
///
///     async fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
///         Ok(self.0.extend([savepoint.rollback_to(), savepoint.release()]))
///     }
///
///     fn abandon(&mut self, abandoned: Abandoned) {
///         if abandoned != Abandoned::Nested {
///             self.0.push("ROLLBACK".into());
///         }
///     }
///
///     fn keep<K: Keeper<Self>>(self, keeper: K) -> K::Kept {
///         keeper.of_owned(self, |log| log)
///     }
/// }
///
/// enum Mine {}
///
/// impl AsyncBegin<Mine> for Log {
///     type Transaction = Self;
///
///     async fn acquire_session(self) -> Result<Self, BoxError> {
///         Ok(self)
///     }
/// }
///
/// #[commit_on_success(tx = log)]
/// async fn write(log: Log) -> Result<usize, commit_on_success::Error> {
///     tx.0.push("INSERT".into());
///     Ok(tx.0.len())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), commit_on_success::Error> {
/// assert_eq!(write(Log(Vec::new())).await?, 2);
/// # Ok(())
/// # }
/// ```
pub trait AsyncTransaction: Session + Send {
    /// Begins the outermost transaction.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::Unsupported), before anything is sent, where the database cannot honour
    /// an option; otherwise the driver's. The body does not run then.
    fn begin(&mut self, options: &Options) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Begins the outermost transaction with settings of its own, of which nothing is left for the next user of the connection.
    ///
    /// What the transaction cannot take back by its end is [remembered](Settings::remember) before it is changed, for
    /// [`put_back`](Self::put_back).
    ///
    /// # Errors
    ///
    /// [`Unsupported`], before anything is sent, where the database has no such settings, which is what it does unless it is
    /// written; otherwise the driver's. The body does not run then.
    fn begin_with(
        &mut self,
        options: &Options,
        settings: &mut Settings,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = options;
        let unsupported = Unsupported::new(self.driver(), settings.option());
        std::future::ready(Err(unsupported.into()))
    }

    /// Gives what is [`changed`](Settings::changed) its old value again, and forgets it. Called where something is: after the end of the
    /// transaction, or a begin that has failed.
    fn put_back(&mut self, settings: &mut Settings) -> impl Future<Output = ()> + Send {
        let _ = settings;
        std::future::ready(())
    }

    /// Sets them for a block in the transaction of a test, which has created a savepoint before, and keeps what they were.
    ///
    /// # Errors
    ///
    /// As of [`begin_with`](Self::begin_with).
    fn set_in_test(
        &mut self,
        settings: &Settings,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let unsupported = Unsupported::new(self.driver(), settings.option());
        std::future::ready(Err(unsupported.into()))
    }

    /// Sets them to what they were, before the savepoint is released, which fails where this has failed.
    fn unset_in_test(&mut self, settings: &Settings) -> impl Future<Output = ()> + Send {
        let _ = settings;
        std::future::ready(())
    }

    /// Does as [`put_back`](Self::put_back) without waiting, behind an [`abandon`](Self::abandon): the next user must not find it
    /// changed.
    fn put_back_unheard(&mut self, settings: &mut Settings) {
        let _ = settings;
    }

    /// Commits the outermost transaction. `Ok` is a promise that it is durable: a driver that
    /// answers `Ok` for a transaction that was rolled back has to be asked first.
    ///
    /// # Errors
    ///
    /// See [`CommitError`].
    fn commit(&mut self) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Rolls the outermost transaction back.
    ///
    /// # Errors
    ///
    /// See [`RollbackError`].
    fn rollback(&mut self) -> impl Future<Output = Result<(), RollbackError>> + Send;

    /// [Commits](Self::commit) a transaction that was begun with settings, and [puts back](Self::put_back) what it has changed where nothing is
    /// open any more. A driver that gives the connection away as soon as it has committed does so in between.
    ///
    /// # Errors
    ///
    /// As of [`commit`](Self::commit).
    fn commit_with(
        &mut self,
        settings: &mut Settings,
    ) -> impl Future<Output = Result<(), CommitError>> + Send {
        configured::commit(self, settings)
    }

    /// [Rolls back](Self::rollback) a transaction that was begun with settings, and puts back as [`commit_with`](Self::commit_with) does.
    ///
    /// # Errors
    ///
    /// As of [`rollback`](Self::rollback).
    fn rollback_with(
        &mut self,
        settings: &mut Settings,
    ) -> impl Future<Output = Result<(), RollbackError>> + Send {
        configured::roll_back(self, settings)
    }

    /// [Abandons](Self::abandon) a transaction that was begun with settings, and puts back what it has changed, without waiting.
    fn abandon_with(&mut self, abandoned: Abandoned, settings: &mut Settings) {
        self.abandon(abandoned);
        if !settings.changed().is_empty() {
            self.put_back_unheard(settings);
        }
    }

    /// Creates a savepoint.
    ///
    /// # Errors
    ///
    /// The driver's. The enclosing transaction must be as it was.
    fn savepoint(
        &mut self,
        savepoint: &Savepoint,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Releases a savepoint, keeping what was done since.
    ///
    /// # Errors
    ///
    /// See [`CommitError`].
    fn release(
        &mut self,
        savepoint: &Savepoint,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Undoes what was done since the savepoint, and releases it.
    ///
    /// # Errors
    ///
    /// See [`RollbackError`].
    fn rollback_to(
        &mut self,
        savepoint: &Savepoint,
    ) -> impl Future<Output = Result<(), RollbackError>> + Send;

    /// Sees to it, without waiting, that no open transaction is left behind for the next user of the
    /// connection: queues a rollback, or closes the connection where its state is unknown.
    fn abandon(&mut self, abandoned: Abandoned);

    /// Checks now what the database otherwise checks at `COMMIT` alone, such as deferred constraints, and
    /// leaves the transaction as it was. Asked in the transactions of tests, which are never committed.
    ///
    /// # Errors
    ///
    /// See [`CommitError`].
    fn check(&mut self) -> impl Future<Output = Result<(), CommitError>> + Send {
        std::future::ready(Ok(()))
    }

    /// Whether [`abandon`](Self::abandon), told that a nested block was given up, has undone what that block
    /// did, or has queued a statement that does so before anything else is done on the connection.
    fn has_undone(&self) -> bool {
        false
    }

    /// Whether a connection whose step was interrupted can be used again, once [`recover`](Self::recover) has seen to
    /// it. Otherwise [`abandon`](Self::abandon) is told at once.
    fn recovers(&self) -> bool {
        false
    }

    /// Ends whatever may be open after a step that was [`Interrupted`](Abandoned::Interrupted), and returns whether
    /// the next user may have the connection: it has answered, and nothing is open on it. Otherwise it is
    /// [`abandon`](Self::abandon)ed.
    ///
    /// Asked by a task, of a transaction that [`keep`](Self::keep) gives away, and dropped after five seconds.
    fn recover(&mut self) -> impl Future<Output = bool> + Send {
        std::future::ready(false)
    }

    /// Gives the transaction to a keeper, who has a task see a step to its end when the block's future is dropped.
    ///
    /// A transaction that owns its connection, and borrows nothing, is
    /// [`of_owned`](Keeper::of_owned): `keeper.of_owned(self, |transaction| transaction)`. Any other stays where it
    /// is.
    fn keep<K: Keeper<Self>>(self, keeper: K) -> K::Kept
    where
        Self: Sized,
    {
        keeper.of_borrowed(self)
    }
}

/// Somebody to [`keep`](AsyncTransaction::keep) a transaction for.
///
/// ```
/// use commit_on_success::{AsyncTransaction, Keeper};
///
/// /// The `keep` of a transaction that owns its connection.
/// fn keep<T: AsyncTransaction + 'static, K: Keeper<T>>(owned: T, keeper: K) -> K::Kept {
///     keeper.of_owned(owned, |owned| owned)
/// }
/// ```
pub trait Keeper<T>: Sized {
    /// The keeper's answer.
    type Kept;

    /// Takes a transaction that can be given to a task, as `owned`, and turned back where none is needed.
    fn of_owned<O: AsyncTransaction + 'static>(
        self,
        owned: O,
        back: impl FnOnce(O) -> T + Send + 'static,
    ) -> Self::Kept;

    /// Takes a transaction that cannot.
    fn of_borrowed(self, transaction: T) -> Self::Kept;
}
