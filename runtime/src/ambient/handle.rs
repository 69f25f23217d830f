//! The handle of a pool.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::inside::Inside;
use super::lease::Lease;
use super::pool::{Leasable, Pool};
use super::pools;
use super::registry::Registry;
use super::session::Ambient;
use super::statement::Statement;
use crate::error::{BoxError, Error, Reason};
use crate::transaction::AsyncBegin;
#[cfg(feature = "jobs")]
use crate::transaction::ConnectionId;

#[doc = include_str!("../../docs/handle.md")]
pub struct Handle<P: Pool> {
    shared: Arc<Shared<P>>,
    replica: Option<P>,
    /// Where a statement goes that is in no block.
    outside: Outside,
}

#[derive(Clone, Copy)]
enum Outside {
    Pool,
    Replica,
}

struct Shared<P: Pool> {
    pool: P,
    id: u64,
    /// Whether it is used in transactions only.
    required: bool,
    registry: Arc<Registry<P::Transaction>>,
}

impl<P: Pool> Handle<P> {
    /// Makes a handle of a pool. Statements that are in no block are sent to the pool.
    #[must_use]
    pub fn new(pool: P) -> Self {
        Self::with(pool, false)
    }

    /// Makes a handle that takes part in transactions only: a statement that is in no block is an error, of the kind
    /// [`ErrorKind::NotInTransaction`](crate::ErrorKind::NotInTransaction), instead of one in autocommit. Blocks begin
    /// as with any handle.
    ///
    /// ```
    /// # #[cfg(feature = "sqlx-sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use commit_on_success::sqlx::Db;
    /// use commit_on_success::{Error, ErrorKind, commit_on_success};
    /// use sqlx::{Sqlite, SqlitePool};
    ///
    /// let db = Db::required(SqlitePool::connect("sqlite::memory:").await?);
    /// let refused = sqlx::query("SELECT 1").execute(&db).await.unwrap_err();
    /// assert_eq!(Error::find(&refused).unwrap().kind(), ErrorKind::NotInTransaction);
    ///
    /// #[commit_on_success]
    /// async fn inside(db: &Db<Sqlite>) -> sqlx::Result<()> {
    ///     sqlx::query("SELECT 1").execute(db).await?;
    ///     Ok(())
    /// }
    /// inside(&db).await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlx-sqlite"))]
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn required(pool: P) -> Self {
        Self::with(pool, true)
    }

    fn with(pool: P, required: bool) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let registry = pools::registry::<P>(&pool);
        let shared = Shared {
            pool,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            required,
            registry,
        };
        Self {
            shared: Arc::new(shared),
            replica: None,
            outside: Outside::Pool,
        }
    }

    /// The pool, for what is to be outside of any transaction, on purpose: a statement that is kept whatever becomes of the
    /// block that it is in.
    #[must_use]
    pub fn pool(&self) -> &P {
        match (self.outside, &self.replica) {
            (Outside::Replica, Some(replica)) => replica,
            _ => &self.shared.pool,
        }
    }

    /// Has [`read`](Self::read) lead to the pool of a replica, outside of any block.
    ///
    /// ```
    /// # #[cfg(feature = "sqlx-sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use commit_on_success::commit_on_success;
    /// use commit_on_success::sqlx::Db;
    /// use sqlx::{Sqlite, SqlitePool, query, query_scalar};
    ///
    /// async fn names(db: &Db<Sqlite>) -> sqlx::Result<Vec<String>> {
    ///     query_scalar("SELECT name FROM customer").fetch_all(&db.read()).await
    /// }
    ///
    /// #[commit_on_success]
    /// async fn rename(db: &Db<Sqlite>) -> sqlx::Result<Vec<String>> {
    ///     query("UPDATE customer SET name = 'Ada'").execute(db).await?;
    ///     names(db).await // sees what was written
    /// }
    ///
    /// # let primary = SqlitePool::connect("sqlite::memory:").await?;
    /// # let replica = SqlitePool::connect("sqlite::memory:").await?;
    /// # for pool in [&primary, &replica] {
    /// #     query("CREATE TABLE customer (name TEXT)").execute(pool).await?;
    /// #     query("INSERT INTO customer VALUES ('Eve')").execute(pool).await?;
    /// # }
    /// let db = Db::new(primary).with_replica(replica);
    /// assert_eq!(rename(&db).await?, ["Ada"]);
    /// assert_eq!(names(&db).await?, ["Eve"]); // has not heard of it yet
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlx-sqlite"))]
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn with_replica(self, replica: P) -> Self {
        Self {
            replica: Some(replica),
            ..self
        }
    }

    /// The same handle, for reading: inside of a block it is in the transaction, outside of any it leads to the
    /// [replica](Self::with_replica), if there is one. A block whose source it is begins on the pool itself.
    #[must_use]
    pub fn read(&self) -> Self {
        Self {
            outside: Outside::Replica,
            ..self.clone()
        }
    }

    /// The pool on which blocks begin.
    pub(super) fn primary(&self) -> &P {
        &self.shared.pool
    }

    pub(super) fn id(&self) -> u64 {
        self.shared.id
    }

    pub(super) fn registry(&self) -> &Registry<P::Transaction> {
        &self.shared.registry
    }

    pub(crate) fn patience(&self) -> Duration {
        self.shared.pool.patience()
    }

    /// Whether a job of the innermost open block, which is on that connection, would be stored by it.
    #[cfg(feature = "jobs")]
    pub(crate) fn is_on_connection(&self, connection: ConnectionId) -> bool {
        self.registry().is_on(self.id(), connection)
    }

    /// The place of the running code in a transaction of the handle.
    #[inline]
    pub(crate) fn around(&self) -> Result<Option<Inside<P::Transaction>>, Error> {
        let inside = self.shared.registry.around(self.shared.id)?;
        if self.shared.required && inside.as_ref().is_none_or(Inside::is_of_test) {
            return Err(Reason::NotInTransaction.into());
        }
        Ok(inside)
    }
}

#[cfg(feature = "jobs")]
impl<P: Pool> crate::jobs::ByRef for Handle<P> {}

impl<P: Leasable> Handle<P> {
    /// Takes the connection of the open transaction until the lease is dropped, or outside of any block one of the pool:
    /// for `COPY`, for rows that are read while they come, and for functions that take a connection.
    ///
    /// A statement of the handle that is to run while a lease is there waits for it, as long as the pool has a connection waited
    /// for; so does a block. A block whose source is the lease's connection is a savepoint.
    ///
    /// A lease that is kept after its block's body has returned is waited for a second; then the block is rolled back.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Acquire`](crate::ErrorKind::Acquire) when the pool has no connection, and [those of a handle](Self#errors).
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it takes nothing.
    ///
    /// ```
    /// # #[cfg(feature = "sqlx-sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use commit_on_success::commit_on_success;
    /// use commit_on_success::sqlx::Db;
    /// use sqlx::{Sqlite, SqliteConnection, SqlitePool};
    ///
    /// async fn of_another_crate(conn: &mut SqliteConnection) -> sqlx::Result<i64> {
    ///     sqlx::query_scalar("SELECT 42").fetch_one(conn).await
    /// }
    ///
    /// #[commit_on_success]
    /// async fn price(db: &Db<Sqlite>) -> sqlx::Result<i64> {
    ///     of_another_crate(&mut *db.acquire().await?).await
    /// }
    ///
    /// let db = Db::new(SqlitePool::connect("sqlite::memory:").await?);
    /// assert_eq!(price(&db).await?, 42);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlx-sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn acquire(&self) -> Result<Lease<P>, Error> {
        match self.around()? {
            Some(inside) => {
                let turn = Statement::lease(inside, self.patience()).await?;
                Ok(Lease::of_turn(turn))
            }
            None => match self.pool().acquire().await {
                Ok(transaction) => Ok(Lease::of_pool(transaction)),
                Err(source) => Err(Reason::Acquire(source).into()),
            },
        }
    }
}

impl<P: Pool> Clone for Handle<P> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            replica: self.replica.clone(),
            outside: self.outside,
        }
    }
}

impl<P: Pool> fmt::Debug for Handle<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Handle");
        shown.field("required", &self.shared.required);
        shown.finish_non_exhaustive()
    }
}

impl<P: Pool> From<P> for Handle<P> {
    fn from(pool: P) -> Self {
        Self::new(pool)
    }
}

/// Marks handles as sources.
#[derive(Debug)]
pub enum Handles {}

impl<P: Pool> AsyncBegin<Handles> for &Handle<P> {
    type Transaction = Ambient<P>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ambient::begin(self.clone()).await
    }
}

impl<P: Pool> AsyncBegin<Handles> for Handle<P> {
    type Transaction = Ambient<P>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ambient::begin(self).await
    }
}
