//! Errors of workers and of their tables, and those that the row of a job keeps.

/// An error of a handler, or of what lies below, with its type erased.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Why a worker did not start or end, or a job could not be completed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A worker without handlers would run nothing.
    #[error(
        "no handler was given: name what runs the jobs, `Handlers::new().handle(index_object)`"
    )]
    NoHandlers,
    /// A kind of jobs has two handlers, so that nobody could say which of them runs.
    #[error(
        "jobs of the kind `{kind}` have two handlers: leave one of them out, or give one of the types another `Job::KIND`"
    )]
    HandledTwice {
        /// The kind.
        kind: &'static str,
    },
    /// A kind has a name that cannot be stored.
    #[error("`{kind}` cannot be the name of a kind of jobs: write 1 to 127 bytes")]
    KindName {
        /// The name.
        kind: &'static str,
    },
    /// A queue has a name that no worker can have.
    #[error(
        "`{queue}` cannot be the name of a queue: write up to 64 lower-case letters and digits, with a single `_`, `-` or `|` between some of them"
    )]
    QueueName {
        /// The name.
        queue: &'static str,
    },
    /// The tables of jobs are not in this database.
    #[error(
        "this database has no tables for jobs: call `commit_on_success_worker::migrate(&pool)` before the first worker starts"
    )]
    NotMigrated,
    /// The tables are those of an older release.
    #[error(
        "the tables for jobs are of version {found}, and this release needs {needed}: call `commit_on_success_worker::migrate(&pool)`"
    )]
    TablesOlder {
        /// The version that is there.
        found: i64,
        /// The version that is needed.
        needed: i64,
    },
    /// The tables are those of a newer release, which a worker of this one could misread.
    #[error(
        "the tables for jobs are of version {found}, and this release knows those up to {known}: update `commit_on_success_worker`"
    )]
    TablesNewer {
        /// The version that is there.
        found: i64,
        /// The last version that is known.
        known: i64,
    },
    /// The library is older than what the tables need.
    #[error(
        "SQLite is {found}, and jobs need 3.45 or newer, which has `jsonb`: link a newer SQLite, as the feature `sqlite` does"
    )]
    SqliteTooOld {
        /// The version of the library.
        found: String,
    },
    /// A worker for a sync program was to open what is no database that this program knows.
    #[error(
        "no pool can be opened for `{location}`: write the path of a SQLite file (feature `sqlite`), or `postgres://…` (feature `postgres`)"
    )]
    Location {
        /// The location that was given.
        location: String,
    },
    /// A setting has a value that it cannot have, or two do not go together.
    #[error("the worker cannot have these settings")]
    Settings(#[source] BoxError),
    /// A worker, or what wakes one, was started outside of a tokio runtime.
    #[error(
        "no tokio runtime is here to run jobs on: start it in an async function, or use `Worker::spawn`"
    )]
    NoRuntime,
    /// The thread of a worker could not be started, or its runtime could not.
    #[error("the thread of the worker could not be started")]
    Thread(#[source] std::io::Error),
    /// The worker has stopped by itself.
    #[error("the worker has stopped; jobs wait in their table until one is started again")]
    Stopped(#[source] BoxError),
    /// The job is no longer this attempt's: it was completed or cancelled, or taken for dead and given to another.
    #[error("job {id} is not running any more: roll back what this attempt has done")]
    NotRunning {
        /// The job.
        id: i64,
    },
    /// The JSON that was stored for a kind of jobs is not that of its type.
    #[error(
        "the arguments that were stored for `{kind}` cannot be read by its handler: give new fields a default, and old ones an alias"
    )]
    Arguments {
        /// The kind.
        kind: &'static str,
        /// The reason.
        #[source]
        source: BoxError,
    },
    /// A test was to decode a job of another kind.
    #[cfg(feature = "testing")]
    #[error("a job of the kind `{found}` cannot be decoded as one of the kind `{expected}`")]
    OtherKind {
        /// The kind that is stored.
        found: String,
        /// The kind of the type.
        expected: &'static str,
    },
    /// A job that a test was to run has failed.
    #[cfg(feature = "testing")]
    #[error("the job {id} of the kind `{kind}` has failed")]
    Failed {
        /// The job.
        id: i64,
        /// Its kind.
        kind: String,
        /// The error of its handler.
        #[source]
        source: BoxError,
    },
    /// A handle has led to no connection.
    #[cfg(all(feature = "testing", feature = "ambient", feature = "rusqlite"))]
    #[error("the handle has led to no connection")]
    Handle(#[from] commit_on_success::Error),
    /// The connection on which a job was to be completed has refused.
    #[cfg(feature = "rusqlite")]
    #[error("the database of the jobs has refused")]
    Rusqlite(#[from] rusqlite::Error),
    /// The database has refused, or cannot be reached.
    #[error("the database of the jobs has refused")]
    Database(#[from] sqlx::Error),
}

impl Error {
    /// From what River says where a pool's tables are looked at.
    pub(crate) fn of_tables(error: riverqueue::migrate::Error) -> Self {
        match error {
            riverqueue::migrate::Error::Database(error) => Self::Database(error),
            other => Self::Stopped(other.into()),
        }
    }

    /// From what River says where a client is built or started.
    pub(crate) fn of_start(error: riverqueue::Error) -> Self {
        match error {
            riverqueue::Error::RuntimeUnavailable { .. } => Self::NoRuntime,
            riverqueue::Error::Configuration(error) => Self::Settings(error.into()),
            riverqueue::Error::Database(error) => Self::Database(error),
            other => Self::Stopped(other.into()),
        }
    }
}

/// Why one attempt of a job has failed, as its row says it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(
        "stopped after {after:?}: it ran into the `job_timeout`, or it, or the worker, was told to stop"
    )]
    Stopped {
        after: std::time::Duration,
        #[source]
        source: riverqueue::WorkCancelled,
    },
}
