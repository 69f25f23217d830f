//! The databases that jobs are stored in, and the statements in which they differ.

/// Implements for a pool and its connections all that is asked of them, by the statements of the module.
macro_rules! jobs_of {
    ($pool:ident, $connection:ident, $options:ident, $migrator:ident, $check:path) => {
        impl Pool for $pool {
            fn client(&self) -> ClientBuilder {
                Client::builder(self.clone())
            }

            fn apart(&self) -> Self {
                let options = (*self.connect_options()).clone();
                $options::new()
                    .max_connections(1)
                    .connect_lazy_with(options)
            }

            async fn migrate(&self) -> Result<(), Error> {
                let migrated = $migrator::new(self.clone()).migrate_up().await;
                migrated.map(drop).map_err(Error::of_tables)
            }

            async fn versions(&self) -> Result<Vec<i64>, Error> {
                let versions = $migrator::new(self.clone()).existing_versions().await;
                versions.map_err(Error::of_tables)
            }

            async fn check(&self) -> Result<(), Error> {
                $check(self).await
            }

            async fn release(&self, kinds: &str) -> sqlx::Result<()> {
                query(RELEASE).bind(kinds).execute(self).await.map(drop)
            }

            async fn due(&self, kinds: &str, queues: &str) -> sqlx::Result<i64> {
                let due = query_scalar(DUE).bind(kinds).bind(queues);
                due.fetch_one(self).await
            }

            async fn notify(&self, payload: &str) -> sqlx::Result<()> {
                query(NOTIFY).bind(payload).execute(self).await.map(drop)
            }
        }

        impl Connection for $connection {
            async fn complete(&mut self, id: i64) -> sqlx::Result<u64> {
                let done = query(COMPLETE).bind(id).execute(self).await?;
                Ok(done.rows_affected())
            }
        }
    };
}

/// The statements of test support, as far as the databases differ in them.
#[cfg(feature = "testing")]
macro_rules! statements {
    (columns: $columns:literal, claim: $claim:literal, fail: $fail:literal, advance: $advance:literal,) => {
        pub(crate) const STATEMENTS: crate::testing::table::Statements = crate::testing::table::Statements {
            waiting: concat!(
                "SELECT ",
                $columns,
                " FROM river_job WHERE state IN ('available', 'retryable', 'scheduled') ORDER BY id"
            ),
            release: RELEASE,
            due: concat!(due!($columns), " ORDER BY priority, scheduled_at, id"),
            claim: $claim,
            complete: COMPLETE,
            fail: $fail,
            advance: $advance,
        };
    };
}

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(all(feature = "testing", feature = "postgres"))]
pub(crate) use postgres::STATEMENTS as POSTGRES_STATEMENTS;
#[cfg(feature = "rusqlite")]
pub(crate) use sqlite::COMPLETE as SQLITE_COMPLETE;
#[cfg(all(feature = "testing", feature = "sqlite"))]
pub(crate) use sqlite::STATEMENTS as SQLITE_STATEMENTS;

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

    /// The questions that a worker has for a pool. Kinds and queues are arrays of JSON.
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

    /// The one thing that a handler wants of its connection.
    pub trait Connection: Send {
        /// Completes a job if it is running, and returns how many that were.
        fn complete(&mut self, id: i64) -> impl Future<Output = sqlx::Result<u64>> + Send;
    }
}
