//! What differs between the databases that jobs are stored in.

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

/// A pool of a database that jobs are stored in: of sqlx, for SQLite (feature `sqlite`) or PostgreSQL (feature `postgres`).
pub trait JobPool: sealed::Pool {}

/// A connection of such a database, which is in a transaction.
pub trait JobConnection: sealed::Connection {}

impl<P: sealed::Pool> JobPool for P {}
impl<C: sealed::Connection> JobConnection for C {}

pub(crate) mod sealed {
    use std::future::Future;

    use riverqueue::ClientBuilder;

    use crate::Error;

    /// What a worker asks of a pool. Kinds and queues are arrays of JSON.
    pub trait Pool: Clone + Send + Sync + 'static {
        /// A client on this pool, with nothing set.
        fn client(&self) -> ClientBuilder;

        /// A pool of one connection, which takes none of this one's.
        fn apart(&self) -> Self;

        /// Makes the tables, or brings them to what is known.
        fn migrate(&self) -> impl Future<Output = Result<(), Error>> + Send;

        /// The versions of the tables, in order; none where there are no tables.
        fn versions(&self) -> impl Future<Output = Result<Vec<i64>, Error>> + Send;

        /// Refuses a server, or a library, that is too old.
        fn check(&self) -> impl Future<Output = Result<(), Error>> + Send;

        /// Makes available what was to wait, or to be tried again, until now.
        fn release(&self, kinds: &str) -> impl Future<Output = sqlx::Result<()>> + Send;

        /// Counts what may be run now: what is available in queues that are not paused.
        fn due(&self, kinds: &str, queues: &str) -> impl Future<Output = sqlx::Result<i64>> + Send;

        /// Tells the workers of all processes that there is something in a queue.
        fn notify(&self, payload: &str) -> impl Future<Output = sqlx::Result<()>> + Send;
    }

    /// What a handler asks of its connection.
    pub trait Connection: Send {
        /// Completes a job if it is running, and returns how many that were.
        fn complete(&mut self, id: i64) -> impl Future<Output = sqlx::Result<u64>> + Send;
    }
}
