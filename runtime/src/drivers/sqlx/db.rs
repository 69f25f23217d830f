//! The handle of a pool.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx_core::pool::Pool;

use super::backend::Backend;
use super::hold::Pooled;
use super::lease::Lease;
use super::sources::Sqlx;
use super::transaction::SqlxTransaction;
use crate::ambient::{self, Ambient, Handle, Inside, Registry};
use crate::error::{BoxError, Error, Holder, Reason};
use crate::transaction::AsyncBegin;

#[doc = include_str!("../../../docs/drivers/sqlx_db.md")]
pub struct Db<DB: Backend>(Arc<Shared<DB>>);

struct Shared<DB: Backend> {
    pool: Pool<DB>,
    id: u64,
    /// Whether it is used in transactions only.
    required: bool,
    registry: Arc<Registry<TransactionOf<DB>>>,
}

pub(super) type TransactionOf<DB> = SqlxTransaction<Pooled<DB>>;

/// The address that stands for a pool and all of its clones.
pub(super) fn address<DB: Backend>(pool: &Pool<DB>) -> usize {
    std::ptr::from_ref(pool.options()).addr()
}

impl<DB: Backend> Db<DB> {
    /// Makes a handle of a pool. Statements that are in no block are sent to the pool.
    #[must_use]
    pub fn new(pool: Pool<DB>) -> Self {
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
    /// use commit_on_success::drivers::sqlx::Db;
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
    pub fn required(pool: Pool<DB>) -> Self {
        Self::with(pool, true)
    }

    fn with(pool: Pool<DB>, required: bool) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let patience = pool.options().get_acquire_timeout();
        let registry = ambient::registry::<DB, _>(address(&pool), patience);
        Self(Arc::new(Shared {
            pool,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            required,
            registry,
        }))
    }

    /// The pool, for what is to be outside of any transaction, on purpose: a statement that is kept whatever becomes of the
    /// block that it is in.
    #[must_use]
    pub fn pool(&self) -> &Pool<DB> {
        &self.0.pool
    }

    /// Takes the connection of the open transaction until the lease is dropped, or outside of any block one of the pool:
    /// for `COPY`, for rows that are read while they come, and for functions that take a connection.
    ///
    /// A statement of the handle that is to run while a lease is there waits for it, as long as the pool's
    /// `acquire_timeout`; so does a block. A block whose source is the lease is a savepoint.
    ///
    /// A lease that is kept after its block's body has returned is waited for a second; then the block is rolled back.
    ///
    /// # Errors
    ///
    /// The pool's; or an [`Error`], for [`Error::find`], of the kinds that [statements](Self#errors) have.
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
    /// use commit_on_success::drivers::sqlx::Db;
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
    pub async fn acquire(&self) -> Result<Lease<DB>, sqlx_core::Error> {
        match self.lease().await? {
            Some(lease) => Ok(lease),
            None => Ok(Lease::of_pool(self.0.pool.acquire().await?)),
        }
    }

    /// Takes the connection of the open transaction, if there is one.
    pub(super) async fn lease(&self) -> Result<Option<Lease<DB>>, Error> {
        let Some(inside) = self.around()? else {
            return Ok(None);
        };
        let turn = inside.turn(Holder::Lease, self.patience()).await?;
        Ok(Some(Lease::of_turn(turn)))
    }

    pub(super) fn patience(&self) -> Duration {
        self.0.pool.options().get_acquire_timeout()
    }

    /// The place of the running code in a transaction of the handle.
    #[inline]
    pub(super) fn around(&self) -> Result<Option<Inside<TransactionOf<DB>>>, Error> {
        let inside = self.0.registry.around(self.0.id)?;
        if self.0.required && inside.as_ref().is_none_or(Inside::is_of_test) {
            return Err(Reason::NotInTransaction.into());
        }
        Ok(inside)
    }
}

impl<DB: Backend> Clone for Db<DB> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<DB: Backend> fmt::Debug for Db<DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { pool, required, .. } = &*self.0;
        let mut shown = formatter.debug_struct("Db");
        shown.field("pool", pool).field("required", required);
        shown.finish_non_exhaustive()
    }
}

impl<DB: Backend> From<Pool<DB>> for Db<DB> {
    fn from(pool: Pool<DB>) -> Self {
        Self::new(pool)
    }
}

impl<DB: Backend> Handle for Db<DB> {
    type Transaction = TransactionOf<DB>;

    fn registry(&self) -> &Registry<TransactionOf<DB>> {
        &self.0.registry
    }

    fn id(&self) -> u64 {
        self.0.id
    }

    async fn acquire(&self) -> Result<TransactionOf<DB>, BoxError> {
        AsyncBegin::acquire_session(&self.0.pool).await
    }
}

impl<DB: Backend> AsyncBegin<Sqlx> for &Db<DB> {
    type Transaction = Ambient<Db<DB>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ambient::begin(self.clone()).await
    }
}

impl<DB: Backend> AsyncBegin<Sqlx> for Db<DB> {
    type Transaction = Ambient<Self>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ambient::begin(self).await
    }
}
