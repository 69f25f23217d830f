//! Test support: the jobs that a test's own transaction has stored, and running them in it (feature `testing`).
//!
//! A [transaction of a test](commit_on_success::testing) is never kept, so no worker sees its jobs. [`stored`] shows what waits, [`run`](run())
//! runs what is due with the handlers of the program, and [`advance`] makes due what was to wait.
//!
//! A handler with a pool of its own is outside of the test's transaction, and may wait for its locks until they give up. One with a handle (feature
//! `ambient`) is inside, where the test has begun with that handle:
//!
//! ```
//! # #[cfg(all(feature = "ambient", feature = "sqlite"))]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> anyhow::Result<()> {
//! use commit_on_success::jobs::Job;
//! use commit_on_success::sqlx::Db;
//! use commit_on_success::testing::AsyncTestTransaction;
//! use commit_on_success::{commit_on_success, enqueue};
//! use commit_on_success_worker::{Context, Handlers, migrate, testing};
//! use serde::{Deserialize, Serialize};
//! use sqlx::{Sqlite, SqlitePool, query, query_scalar};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct IndexObject {
//!     id: i64,
//! }
//!
//! impl Job for IndexObject {
//!     const KIND: &'static str = "index_object";
//! }
//!
//! #[commit_on_success(tx = db)]
//! async fn update_object(db: &Db<Sqlite>, id: i64) -> anyhow::Result<()> {
//!     query("INSERT INTO object VALUES (?)").bind(id).execute(db).await?;
//!     enqueue!(db, IndexObject { id }).await?;
//!     Ok(())
//! }
//!
//! #[commit_on_success(tx = &db)]
//! async fn index_object(db: Db<Sqlite>, context: Context, job: IndexObject) -> anyhow::Result<()> {
//!     query("INSERT INTO indexed VALUES (?)").bind(job.id).execute(&db).await?;
//!     context.complete(&mut *db.acquire().await?).await?;
//!     Ok(())
//! }
//!
//! # let directory = tempfile::tempdir()?;
//! # let url = format!("sqlite:{}?mode=rwc", directory.path().join("a.sqlite").display());
//! let pool = SqlitePool::connect(&url).await?;
//! migrate(&pool).await?;
//! # sqlx::raw_sql("CREATE TABLE object (id); CREATE TABLE indexed (id)").execute(&pool).await?;
//! let db = Db::new(pool);
//! let by_handle = db.clone();
//! let handlers = Handlers::new().handle(move |context, job| index_object(by_handle.clone(), context, job));
//!
//! let test = AsyncTestTransaction::begin(&db).await?;
//! update_object(&db, 7).await?;
//! let jobs = testing::stored(&db).await?;
//! assert_eq!(jobs[0].decode::<IndexObject>()?, IndexObject { id: 7 });
//!
//! let ran = testing::run(&db, &handlers).await?.succeeded()?;
//! assert_eq!(ran.len(), 1);
//! assert_eq!(query_scalar::<_, i64>("SELECT id FROM indexed").fetch_one(&db).await?, 7);
//! assert!(testing::stored(&db).await?.is_empty());
//! test.rollback().await?;
//! # Ok(())
//! # }
//! # #[cfg(not(all(feature = "ambient", feature = "sqlite")))]
//! # fn main() {}
//! ```
//!
//! | functions | take |
//! | --- | --- |
//! | [`stored`], [`run`](run()), [`advance`] | `&mut PgConnection`, `&mut SqliteConnection`; with `ambient` also `&Db<Postgres>`, `&Db<Sqlite>` of sqlx |
//! | `stored_blocking`, `run_blocking`, `advance_blocking` (feature `rusqlite`) | `&rusqlite::Connection`; with `ambient` also `&Db` of rusqlite |

#[cfg(feature = "rusqlite")]
mod blocking;
pub(crate) mod call;
mod failed;
mod job;
mod run;
pub(crate) mod table;

use std::time::Duration;

#[cfg(feature = "rusqlite")]
pub use blocking::{BlockingJobTable, advance_blocking, run_blocking, stored_blocking};
use commit_on_success::jobs::Job;
pub use job::{Attempt, Attempts, StoredJob};

use crate::{Error, Handlers, handlers};

/// A connection, or a handle, of a test: see the [module](self).
pub trait JobTable: table::Table {}

impl<T: table::Table> JobTable for T {}

/// The jobs that wait, in the order in which they were stored: those that are due, and those that are to wait, be it for another attempt.
///
/// # Errors
///
/// [`Error::Database`].
///
/// # Cancel safety
///
/// It only reads.
///
/// An example is in the [module](self).
pub async fn stored<T: JobTable>(mut table: T) -> Result<Vec<StoredJob>, Error> {
    table.jobs(T::STATEMENTS.waiting, &[]).await
}

/// Runs all jobs of the handlers' kinds that are due, one after the other, those included that they store meanwhile, and ends them in their rows
/// as a worker would.
///
/// What has failed is not tried again by the same call. Nothing is stopped by a timeout.
///
/// # Errors
///
/// Those of the handlers that [`Worker::start`](crate::Worker::start) has, and [`Error::Database`]. What a handler returns is no error here, but in its
/// [`Attempt`].
///
/// # Cancel safety
///
/// Dropped, it leaves the job that was running in that state.
///
/// An example is in the [module](self).
pub async fn run<T: JobTable>(mut table: T, handlers: &Handlers) -> Result<Attempts, Error> {
    let call = async |call: &call::Call, context, json| call.future(context, json).await;
    run::run(&mut table, handlers, call).await
}

/// Has time pass for the jobs that wait: the delays that they were stored with, and those until their next attempts, are shorter by that much.
///
/// # Errors
///
/// [`Error::Database`].
///
/// # Cancel safety
///
/// It is one statement.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// use std::time::Duration;
///
/// use commit_on_success::jobs::Job;
/// use commit_on_success::testing::AsyncTestTransaction;
/// use commit_on_success::{commit_on_success, enqueue};
/// use commit_on_success_worker::{Context, Handlers, migrate, testing};
/// use sqlx::{SqliteConnection, SqlitePool};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize)]
/// # struct Remind {
/// #     id: i64,
/// # }
/// # impl Job for Remind {
/// #     const KIND: &'static str = "remind";
/// # }
///
/// #[commit_on_success]
/// async fn order(conn: &mut SqliteConnection, id: i64) -> anyhow::Result<()> {
///     enqueue!(conn, Remind { id }.after(Duration::from_hours(1))).await?;
///     Ok(())
/// }
///
/// # let directory = tempfile::tempdir()?;
/// # let url = format!("sqlite:{}?mode=rwc", directory.path().join("a.sqlite").display());
/// # let pool = SqlitePool::connect(&url).await?;
/// # migrate(&pool).await?;
/// let handlers = Handlers::new().handle(async |_: Context, _: Remind| anyhow::Ok(()));
/// let mut conn = pool.acquire().await?;
/// let mut test = AsyncTestTransaction::begin(&mut *conn).await?;
/// order(test.connection(), 7).await?;
/// assert!(testing::run(test.connection(), &handlers).await?.is_empty());
/// testing::advance(test.connection(), Duration::from_hours(1)).await?;
/// assert_eq!(testing::run(test.connection(), &handlers).await?.len(), 1);
/// test.rollback().await?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
pub async fn advance<T: JobTable>(mut table: T, time: Duration) -> Result<(), Error> {
    let milliseconds = time.as_millis().try_into().unwrap_or(i64::MAX);
    let milliseconds = table::Parameter::Number(milliseconds);
    table.change(T::STATEMENTS.advance, &[milliseconds]).await
}

/// The job that JSON stands for, as its handler would get it: an assertion that this release reads what the last one has stored.
///
/// # Errors
///
/// [`Error::Arguments`], as the row of such a job would say it.
///
/// ```
/// use commit_on_success::jobs::Job;
/// use commit_on_success_worker::testing;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct IndexObject {
///     id: i64,
///     #[serde(default)]
///     is_urgent: bool, // new in this release
/// }
///
/// impl Job for IndexObject {
///     const KIND: &'static str = "index_object";
/// }
///
/// let job: IndexObject = testing::decodes(r#"{"id": 7}"#)?;
/// assert!(!job.is_urgent);
/// assert!(testing::decodes::<IndexObject>(r#"{"object": 7}"#).is_err());
/// # Ok::<(), commit_on_success_worker::Error>(())
/// ```
pub fn decodes<J: Job>(json: &str) -> Result<J, Error> {
    handlers::decode(json)
}
