//! Test support: the jobs that a test's own transaction has stored, and running them in it (feature `testing`).
//!
//! A [transaction of a test](commit_on_success::testing) is never kept, so no worker sees its jobs. [`stored`] shows what waits, and
//! [`run`](run()) runs it with the handlers of the program.
//!
//! A handler with a pool of its own is outside of the test's transaction, and may wait for its locks forever. With a
//! [handle](commit_on_success::Handle) (feature `ambient`) that the test has begun with, it is inside:
//!
//! ```
//! # #[cfg(all(feature = "ambient", feature = "sqlite"))]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
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
//! | takes | functions |
//! | --- | --- |
//! | `&mut PgConnection`, `&mut SqliteConnection`; with `ambient` also `&Db<Postgres>`, `&Db<Sqlite>` of sqlx | [`stored`], [`run`](run()) |
//! | `&rusqlite::Connection`; with `ambient` also `&Db` of rusqlite | `stored_blocking`, `run_blocking` |

pub(crate) mod call;
mod job;
mod run;
pub(crate) mod table;

use commit_on_success::jobs::Job;
pub use job::{Attempt, Attempts, StoredJob};

use crate::{Error, Handlers, handlers};

/// A connection, or a handle, of a test: see the [module](self).
pub trait JobTable: table::Table {}

impl<T: table::Table> JobTable for T {}

/// A connection, or a handle, of a sync test: see the [module](self).
#[cfg(feature = "rusqlite")]
pub trait BlockingJobTable: table::Lender {}

#[cfg(feature = "rusqlite")]
impl<L: table::Lender> BlockingJobTable for L {}

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

/// Runs all jobs of the handlers' kinds that are due, one after the other, those included that they store meanwhile on the same connection, and
/// ends them in their rows as a worker would.
///
/// What has failed is not tried again by the same call. Handlers that [block](Handlers::handle_blocking) are called here and not on another thread, and
/// nothing is stopped by a timeout.
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
    run::run(&mut table, handlers).await
}

/// [`stored`] for a sync test.
///
/// # Errors
///
/// [`Error::Rusqlite`].
///
/// An example is at [`run_blocking`].
#[cfg(feature = "rusqlite")]
pub fn stored_blocking<L: BlockingJobTable>(table: &L) -> Result<Vec<StoredJob>, Error> {
    in_runtime(stored(table::Blocking(table)))
}

/// [`run`](run()) for a sync test.
///
/// # Errors
///
/// Those of [`run`](run()), [`Error::Rusqlite`] instead of [`Error::Database`], and [`Error::Thread`] where no runtime can be made for handlers.
///
/// # Panics
///
/// Inside of an async runtime.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// use commit_on_success::jobs::Job;
/// use commit_on_success::testing::TestTransaction;
/// use commit_on_success::{commit_on_success, enqueue};
/// use commit_on_success_worker::{Handlers, migrate_at, testing};
/// use rusqlite::Connection;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize)]
/// # struct Mail {
/// #     id: i64,
/// # }
/// # impl Job for Mail {
/// #     const KIND: &'static str = "mail";
/// # }
///
/// #[commit_on_success]
/// fn confirm(conn: &mut Connection, id: i64) -> anyhow::Result<()> {
///     enqueue!(conn, Mail { id })?;
///     Ok(())
/// }
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("a.sqlite").display().to_string();
/// migrate_at(&path)?;
/// let mut conn = Connection::open(&path)?;
/// let mut test = TestTransaction::begin(&mut conn)?;
/// confirm(test.connection(), 3)?;
///
/// let handlers = Handlers::new().handle_blocking(|_, mail: Mail| anyhow::Ok(println!("to {}", mail.id)));
/// assert_eq!(testing::stored_blocking(test.connection())?[0].kind(), "mail");
/// assert_eq!(testing::run_blocking(test.connection(), &handlers)?.succeeded()?.len(), 1);
/// assert!(testing::stored_blocking(test.connection())?.is_empty());
/// test.rollback()?;
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "rusqlite")]
pub fn run_blocking<L: BlockingJobTable>(table: &L, handlers: &Handlers) -> Result<Attempts, Error> {
    in_runtime(run(table::Blocking(table), handlers))
}

#[cfg(feature = "rusqlite")]
fn in_runtime<R>(work: impl Future<Output = Result<R, Error>>) -> Result<R, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Thread)?;
    runtime.block_on(work)
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
