//! A worker, from its start to its end.

use std::time::Duration;

use commit_on_success::jobs::Listener;
use riverqueue::{Client, ClientBuilder, RunHandle};
use tokio::time::timeout;

use crate::database::JobPool;
use crate::{Error, Handlers, Settings, tables, wake};

/// The time that a start waits for a listener that does not get its connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs stored jobs, on the tokio runtime that it was started on.
///
/// Dropped, it fetches nothing more, and what runs is dropped at its next `.await` and becomes available to other workers without
/// having used up an attempt, if the runtime lives long enough to say so.
#[derive(Debug)]
#[must_use = "a worker that is dropped stops"]
pub struct Worker {
    running: RunHandle,
    listener: Listener,
}

impl Worker {
    /// Starts a worker that runs what waits in the database of this pool, and what is stored there from now on.
    ///
    /// The worker is woken by each transaction of this process that stores a job, by a [`Notifier`](crate::Notifier) of another process, and looks
    /// by itself each second. Its statements are on connections of the pool.
    ///
    /// # Errors
    ///
    /// The error says that the handlers ([`Error::NoHandlers`], [`Error::HandledTwice`], [`Error::KindName`], [`Error::QueueName`]), the
    /// settings ([`Error::Settings`]) or the tables ([`Error::NotMigrated`], [`Error::TablesOlder`], [`Error::TablesNewer`],
    /// [`Error::SqliteTooOld`]) are not what they have to be, that the database cannot be reached ([`Error::Database`]), or that there is no
    /// tokio runtime ([`Error::NoRuntime`]).
    ///
    /// # Cancel safety
    ///
    /// Dropped, it leaves no worker behind.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> anyhow::Result<()> {
    /// use commit_on_success::jobs::Job;
    /// use commit_on_success_worker::{Context, Handlers, Settings, Worker};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize)]
    /// # struct IndexObject {
    /// #     id: i64,
    /// # }
    /// # impl Job for IndexObject {
    /// #     const KIND: &'static str = "index_object";
    /// # }
    /// # async fn index_object(_: Context, job: IndexObject) -> anyhow::Result<()> {
    /// #     println!("object {} is indexed", job.id);
    /// #     Ok(())
    /// # }
    /// # let directory = tempfile::tempdir()?;
    /// # let url = format!("sqlite:{}?mode=rwc", directory.path().join("a.sqlite").display());
    /// # let pool = sqlx::SqlitePool::connect(&url).await?;
    /// commit_on_success_worker::migrate(&pool).await?;
    /// let handlers = Handlers::new().handle(index_object);
    /// let worker = Worker::start(pool, handlers, &Settings::default()).await?;
    /// // … until the program is told to end:
    /// worker.shutdown().await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn start<P: JobPool>(
        pool: P,
        handlers: Handlers,
        settings: &Settings,
    ) -> Result<Self, Error> {
        handlers.check()?;
        tables::check(&pool).await?;
        let client = client(&pool, &handlers, settings)
            .build()
            .map_err(Error::of_start)?;
        Self::run(&client).await
    }

    /// Runs a client, and returns once it hears of what is stored, or could not be made to so far: it goes on to try, and polls meanwhile.
    pub(crate) async fn run(client: &Client) -> Result<Self, Error> {
        let running = client.start().map_err(Error::of_start)?;
        let listener = wake::on_commit(client);
        let mut worker = Self { running, listener };
        let ready = timeout(PATIENCE, worker.running.wait_ready()).await;
        ready.unwrap_or(Ok(())).map_err(Error::of_start)?;
        Ok(worker)
    }

    /// Fetches nothing more, waits until everything that runs has ended and is recorded, and stops.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] where the worker had stopped by itself.
    ///
    /// # Cancel safety
    ///
    /// Dropped, what still runs is treated as if the worker was dropped.
    pub async fn shutdown(self) -> Result<(), Error> {
        drop(self.listener);
        let mut running = self.running;
        let stopped = running.stop().await;
        stopped.map_err(|error| Error::Stopped(error.into()))
    }

    /// Fetches nothing more, drops what runs, and waits until that is given back.
    pub(crate) async fn cancel(self) -> Result<(), Error> {
        drop(self.listener);
        let mut running = self.running;
        let stopped = running.stop_and_cancel().await;
        stopped.map_err(|error| Error::Stopped(error.into()))
    }
}

/// A client of a pool for these handlers, and the queues of their kinds.
pub(crate) fn client<P: JobPool>(
    pool: &P,
    handlers: &Handlers,
    settings: &Settings,
) -> ClientBuilder {
    let client = settings.apply(pool.client()).workers(handlers.workers());
    let queue = settings.queue();
    handlers
        .queues()
        .fold(client, |client, name| client.queue(name, queue.clone()))
}
