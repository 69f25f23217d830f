//! Runs what is there, and returns.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use riverqueue::{
    JobRow, WorkContext, WorkError, WorkMiddleware, WorkNext, WorkOutcome, serde_json,
};

use crate::database::JobPool;
use crate::worker::client;
use crate::{Error, Handlers, Settings, Worker, tables};

/// The time between two counts of what is due.
const PAUSE: Duration = Duration::from_millis(5);

/// Counts what is run.
struct Count(Arc<AtomicUsize>);

impl WorkMiddleware for Count {
    async fn work(
        &self,
        _: &WorkContext,
        job: JobRow,
        next: WorkNext<'_>,
    ) -> Result<WorkOutcome, WorkError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        next.run(job).await
    }
}

impl Worker {
    /// Runs all jobs of the handlers' kinds that are due, those included that they store meanwhile, and returns how many attempts that were.
    ///
    /// For tests, and for programs that are started now and then. What has failed is due again once its delay is over, so it is not
    /// tried again here, unless others take that long.
    ///
    /// # Errors
    ///
    /// Those of [`Worker::start`], and [`Error::Stopped`].
    ///
    /// # Cancel safety
    ///
    /// Dropped, it is treated as a worker that is dropped.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> anyhow::Result<()> {
    /// # use commit_on_success::jobs::Job;
    /// # use commit_on_success_worker::{Context, Handlers, Worker, migrate};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize)]
    /// # struct Mail {
    /// #     id: i64,
    /// # }
    /// # impl Job for Mail {
    /// #     const KIND: &'static str = "mail";
    /// # }
    /// # let directory = tempfile::tempdir()?;
    /// # let url = format!("sqlite:{}?mode=rwc", directory.path().join("a.sqlite").display());
    /// # let pool = sqlx::SqlitePool::connect(&url).await?;
    /// # migrate(&pool).await?;
    /// let handlers = Handlers::new().handle(async |_: Context, _: Mail| anyhow::Ok(()));
    /// assert_eq!(Worker::drain(&pool, &handlers).await?, 0, "nothing was stored");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn drain<P: JobPool>(pool: &P, handlers: &Handlers) -> Result<usize, Error> {
        handlers.check()?;
        tables::check(pool).await?;
        let kinds = array(handlers.kinds());
        let queues = array(handlers.queues().collect());
        let count = Arc::new(AtomicUsize::new(0));
        let settings = Settings::default().without_election();
        pool.release(&kinds).await?;
        while pool.due(&kinds, &queues).await? > 0 {
            let client = client(pool, handlers, &settings)
                .work_middleware(Count(Arc::clone(&count)))
                .build()
                .map_err(Error::of_start)?;
            let worker = Self::run(&client).await?;
            while pool.due(&kinds, &queues).await? > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            worker.shutdown().await?;
            pool.release(&kinds).await?;
        }
        Ok(count.load(Ordering::Relaxed))
    }
}

/// Names as an array of JSON.
pub(crate) fn array(names: Vec<&'static str>) -> String {
    serde_json::Value::from(names).to_string()
}
