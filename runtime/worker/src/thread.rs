//! A worker for programs that have no async runtime.

use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::{Error, Handlers, Settings, Worker, migrate};

/// A worker on a thread of its own, with a runtime of its own.
///
/// Dropped, it fetches nothing more, drops what runs and gives it back, and is not waited for.
#[derive(Debug)]
#[must_use = "a worker that is dropped stops"]
pub struct WorkerThread {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), Error>>,
}

impl Worker {
    /// Starts a worker for a program without an async runtime: on a thread of its own, on a database that is named by the path of a
    /// SQLite file, a URL `sqlite:…`, or one `postgres://…`. Returns once it has started.
    ///
    /// Handlers that block belong in [`Handlers::handle_blocking`].
    ///
    /// # Errors
    ///
    /// Those of [`Worker::start`], [`Error::Location`] and [`Error::Thread`].
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # fn main() -> anyhow::Result<()> {
    /// use commit_on_success_worker::{Context, Handlers, Settings, Worker, migrate_at};
    /// # use commit_on_success::jobs::Job;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize)]
    /// # struct Mail {
    /// #     id: i64,
    /// # }
    /// # impl Job for Mail {
    /// #     const KIND: &'static str = "mail";
    /// # }
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("a.sqlite").display().to_string();
    /// migrate_at(&path)?;
    /// let handlers = Handlers::new().handle(async |_: Context, _: Mail| anyhow::Ok(()));
    /// let worker = Worker::spawn(&path, handlers, &Settings::default())?;
    /// // … until the program is told to end:
    /// worker.shutdown()?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn spawn(
        location: &str,
        handlers: Handlers,
        settings: &Settings,
    ) -> Result<WorkerThread, Error> {
        let location = Location::parse(location)?;
        let settings = settings.clone();
        let runtime = Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(Error::Thread)?;
        let (stop, stopped) = oneshot::channel();
        let (starts, started) = mpsc::sync_channel(1);
        let live = async move {
            let start = location.start(handlers, &settings).await;
            let (worker, said) = match start {
                Ok(worker) => (Some(worker), Ok(())),
                Err(error) => (None, Err(error)),
            };
            let _ = starts.send(said);
            match (worker, stopped.await) {
                (Some(worker), Ok(())) => worker.shutdown().await,
                (Some(worker), Err(_)) => worker.cancel().await,
                (None, _) => Ok(()),
            }
        };
        let thread = on_thread(runtime, live)?;
        started.recv().unwrap_or_else(|_| Err(lost()))?;
        Ok(WorkerThread { stop, thread })
    }
}

impl WorkerThread {
    /// Fetches nothing more, and waits until everything that runs has ended and is recorded.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] where the worker had stopped by itself.
    pub fn shutdown(self) -> Result<(), Error> {
        // An error here means that the thread has ended, whose result says why.
        let _ = self.stop.send(());
        self.thread.join().unwrap_or_else(|_| Err(lost()))
    }
}

/// [`migrate`] for a program without an async runtime. The file of SQLite is made where there is none.
///
/// # Errors
///
/// Those of [`migrate`], [`Error::Location`] and [`Error::Thread`].
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # fn main() -> anyhow::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("a.sqlite").display().to_string();
/// commit_on_success_worker::migrate_at(&path)?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
pub fn migrate_at(location: &str) -> Result<(), Error> {
    let location = Location::parse(location)?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Thread)?;
    let thread = on_thread(runtime, async move { location.migrate().await })?;
    thread.join().unwrap_or_else(|_| Err(lost()))
}

/// On a thread, as the caller may be in a runtime, which would not have another one block in it.
fn on_thread(
    runtime: Runtime,
    work: impl Future<Output = Result<(), Error>> + Send + 'static,
) -> Result<JoinHandle<Result<(), Error>>, Error> {
    thread::Builder::new()
        .name("commit_on_success".to_owned())
        .spawn(move || runtime.block_on(work))
        .map_err(Error::Thread)
}

/// The thread is gone without a word: it has panicked.
fn lost() -> Error {
    Error::Stopped("its thread has panicked".into())
}

/// The database of a sync program's jobs.
enum Location {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::sqlite::SqliteConnectOptions),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::postgres::PgConnectOptions),
}

impl Location {
    fn parse(location: &str) -> Result<Self, Error> {
        let is_postgres = ["postgres:", "postgresql:"]
            .iter()
            .any(|scheme| location.starts_with(scheme));
        let parsed = if is_postgres {
            Self::postgres(location)
        } else {
            Self::sqlite(location)
        };
        parsed.ok_or_else(|| Error::Location {
            location: location.to_owned(),
        })
    }

    #[cfg(feature = "postgres")]
    fn postgres(url: &str) -> Option<Self> {
        url.parse().ok().map(Self::Postgres)
    }

    #[cfg(not(feature = "postgres"))]
    fn postgres(_: &str) -> Option<Self> {
        None
    }

    #[cfg(feature = "sqlite")]
    fn sqlite(location: &str) -> Option<Self> {
        use sqlx::sqlite::SqliteConnectOptions;

        let options = if location.starts_with("sqlite:") {
            location.parse().ok()
        } else if location.contains("://") {
            None
        } else {
            Some(SqliteConnectOptions::new().filename(location))
        };
        options.map(Self::Sqlite)
    }

    #[cfg(not(feature = "sqlite"))]
    fn sqlite(_: &str) -> Option<Self> {
        None
    }

    async fn start(self, handlers: Handlers, settings: &Settings) -> Result<Worker, Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(options) => {
                let pool = sqlx::SqlitePool::connect_with(options).await?;
                Worker::start(pool, handlers, settings).await
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(options) => {
                let pool = sqlx::PgPool::connect_with(options).await?;
                Worker::start(pool, handlers, settings).await
            }
        }
    }

    async fn migrate(self) -> Result<(), Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(options) => {
                let options = options.create_if_missing(true);
                migrate(&sqlx::SqlitePool::connect_with(options).await?).await
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(options) => migrate(&sqlx::PgPool::connect_with(options).await?).await,
        }
    }
}
