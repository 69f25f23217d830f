#![doc = include_str!("../../../docs/drivers/sqlx.md")]

mod backend;
#[cfg(feature = "ambient")]
mod db;
mod error;
#[cfg(feature = "ambient")]
mod executor;
mod hold;
#[cfg(feature = "jobs")]
pub(crate) mod jobs;
#[cfg(feature = "sqlx-mysql")]
mod mysql;
#[cfg(feature = "sqlx-postgres")]
mod postgres;
#[cfg(feature = "sqlx-postgres")]
mod postgres_commit;
mod source;
mod sources;
#[cfg(feature = "sqlx-sqlite")]
mod sqlite;
mod steps;
mod transaction;
#[cfg(feature = "sqlx-postgres")]
mod transaction_id;

#[cfg(feature = "ambient")]
pub use db::{Db, Lease};
pub(crate) use error::told;
pub use source::Source;

/// A database of sqlx that this crate knows: the bound of a function that is generic over it.
///
/// ```
/// use commit_on_success::commit_on_success;
/// use commit_on_success::drivers::sqlx::Supported;
/// use sqlx::{Executor, Pool};
///
/// #[commit_on_success(tx = pool)]
/// async fn clear<DB: Supported>(pool: &Pool<DB>) -> sqlx::Result<()>
/// where
///     for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
/// {
///     tx.execute("DELETE FROM object").await?;
///     Ok(())
/// }
/// ```
pub trait Supported: backend::Backend {}

impl<DB: backend::Backend> Supported for DB {}
