//! A source that is a pool or a connection, whichever its caller has.

use std::fmt;

use sqlx_core::database::Database;
use sqlx_core::pool::{Pool, PoolConnection};
use sqlx_core::transaction::Transaction;

use super::backend::Backend;
#[cfg(feature = "ambient")]
use super::db::Db;
#[cfg(feature = "ambient")]
use super::db::Lease;
use super::hold::{HasConnection, Hold, Ownership, Pooled};
use super::sources::Sqlx;
use super::transaction::SqlxTransaction;
use crate::error::BoxError;
use crate::transaction::{AsyncBegin, Keeper};

/// A pool, or a connection: for a function that is a transaction of its own for one caller, and a savepoint for another.
///
/// Made of `&Pool<DB>`, `&mut PgConnection` (or that of another database), `&mut PoolConnection<DB>`, `&mut Transaction<'_, DB>`, and with the
/// feature `ambient` of the handle `&Db<DB>`: in its transaction a savepoint, on the connection of which the function has a lease.
///
/// ```
/// # #[cfg(feature = "sqlx-sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sqlx::Result<()> {
/// use commit_on_success::commit_on_success;
/// use commit_on_success::drivers::sqlx::Source;
/// use sqlx::{Sqlite, SqlitePool, query};
///
/// #[commit_on_success(tx = source.into())]
/// async fn store(source: impl Into<Source<'_, Sqlite>>, title: &str) -> sqlx::Result<()> {
///     query("INSERT INTO object VALUES (?)").bind(title).execute(tx).await?;
///     Ok(())
/// }
///
/// let pool = SqlitePool::connect("sqlite::memory:").await?;
/// query("CREATE TABLE object (title TEXT)").execute(&pool).await?;
/// store(&pool, "alone").await?; // a transaction
/// let mut tx = pool.begin().await?;
/// store(&mut tx, "in another one").await?; // a savepoint
/// tx.commit().await?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlx-sqlite"))]
/// # fn main() {}
/// ```
pub struct Source<'s, DB: Backend>(Origin<'s, DB>);

enum Origin<'s, DB: Backend> {
    Pool(Pool<DB>),
    Connection(&'s mut <DB as Database>::Connection),
    #[cfg(feature = "ambient")]
    Handle(Db<DB>),
}

impl<DB: Backend> fmt::Debug for Source<'_, DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Origin::Pool(_) => "Source(a pool)",
            Origin::Connection(_) => "Source(a connection)",
            #[cfg(feature = "ambient")]
            Origin::Handle(_) => "Source(a handle)",
        })
    }
}

impl<DB: Backend> From<&Pool<DB>> for Source<'_, DB> {
    fn from(pool: &Pool<DB>) -> Self {
        Self(Origin::Pool(pool.clone()))
    }
}

#[cfg(feature = "ambient")]
impl<DB: Backend> From<&Db<DB>> for Source<'_, DB> {
    fn from(handle: &Db<DB>) -> Self {
        Self(Origin::Handle(handle.clone()))
    }
}

impl<'s, DB: Backend> From<&'s mut PoolConnection<DB>> for Source<'s, DB> {
    fn from(connection: &'s mut PoolConnection<DB>) -> Self {
        Self::of_connection(connection)
    }
}

impl<'s, DB: Backend> From<&'s mut Transaction<'_, DB>> for Source<'s, DB> {
    fn from(transaction: &'s mut Transaction<'_, DB>) -> Self {
        Self::of_connection(transaction)
    }
}

impl<'s, DB: Backend> Source<'s, DB> {
    pub(super) fn of_connection(connection: &'s mut DB::Connection) -> Self {
        Self(Origin::Connection(connection))
    }
}

impl<'s, DB: Backend> AsyncBegin<Sqlx> for Source<'s, DB> {
    type Transaction = SqlxTransaction<Had<'s, DB>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        let had = match self.0 {
            Origin::Pool(pool) => Had::Pooled(Pooled::of(&pool).await?),
            Origin::Connection(connection) => Had::Borrowed(connection),
            #[cfg(feature = "ambient")]
            Origin::Handle(handle) => match handle.acquire().await?.into_own() {
                Ok(own) => Had::Pooled(own.into_parts().0),
                Err(lease) => Had::Leased(lease),
            },
        };
        Ok(if had.of_pool().is_some() {
            SqlxTransaction::new(had)
        } else {
            SqlxTransaction::after_catching_up(had).await
        })
    }
}

/// The connection of a source that was a pool or a connection.
pub enum Had<'s, DB: Backend> {
    Pooled(Pooled<DB>),
    Borrowed(&'s mut <DB as Database>::Connection),
    #[cfg(feature = "ambient")]
    Leased(Lease<DB>),
}

impl<DB: Backend> Had<'_, DB> {
    fn of_pool(&self) -> Option<&Pooled<DB>> {
        let Self::Pooled(pooled) = self else {
            return None;
        };
        Some(pooled)
    }
}

impl<DB: Backend> fmt::Debug for Had<'_, DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Had")
    }
}

impl<DB: Backend> HasConnection for Had<'_, DB> {
    type Database = DB;

    fn connection(&self) -> &DB::Connection {
        match self {
            Self::Pooled(pooled) => pooled.connection(),
            Self::Borrowed(connection) => connection,
            #[cfg(feature = "ambient")]
            Self::Leased(lease) => lease,
        }
    }

    fn connection_mut(&mut self) -> &mut DB::Connection {
        match self {
            Self::Pooled(pooled) => pooled.connection_mut(),
            Self::Borrowed(connection) => connection,
            #[cfg(feature = "ambient")]
            Self::Leased(lease) => lease,
        }
    }

    fn close(&mut self) {
        if let Self::Pooled(pooled) = self {
            pooled.close();
        }
    }
}

impl<'s, DB: Backend> Hold for Had<'s, DB> {
    type Handle<'t>
        = &'t mut DB::Connection
    where
        's: 't;

    fn ownership(&self) -> Ownership {
        self.of_pool().map_or(Ownership::Borrowed, Hold::ownership)
    }

    fn lend(&mut self) -> &mut DB::Connection {
        self.connection_mut()
    }

    fn keep<K: Keeper<SqlxTransaction<Self>>>(
        transaction: SqlxTransaction<Self>,
        keeper: K,
    ) -> K::Kept {
        let (had, settles) = transaction.into_parts();
        let Had::Pooled(pooled) = had else {
            return keeper.of_borrowed(SqlxTransaction::of_parts(had, settles));
        };
        keeper.of_owned(SqlxTransaction::of_parts(pooled, settles), |owned| {
            let (pooled, settles) = owned.into_parts();
            SqlxTransaction::of_parts(Self::Pooled(pooled), settles)
        })
    }

    fn pooled(&mut self) -> Option<&mut PoolConnection<DB>> {
        let Self::Pooled(pooled) = self else {
            return None;
        };
        pooled.pooled()
    }

    fn pool(&self) -> Option<&Pool<DB>> {
        self.of_pool().and_then(Hold::pool)
    }
}
