//! The table of jobs, as the connection or the handle of a test shows it.

use crate::Error;
use crate::testing::StoredJob;

/// The statements of a database. Their parameters are texts.
#[derive(Debug)]
pub struct Statements {
    pub(crate) waiting: &'static str,
    /// Kinds.
    pub(crate) release: &'static str,
    /// Kinds and queues.
    pub(crate) due: &'static str,
    /// The job.
    pub(crate) claim: &'static str,
    /// The job.
    pub(crate) complete: &'static str,
    /// The job, its error, its state, and the seconds until the next attempt.
    pub(crate) fail: &'static str,
    /// Milliseconds.
    pub(crate) advance: &'static str,
}

/// The columns of a row: number, kind, queue, arguments, attempts that were begun, attempts at most, errors, whether it is to wait.
pub(crate) type Columns = (i64, String, String, String, i32, i32, i32, bool);

pub trait Table {
    const STATEMENTS: Statements;

    /// The jobs that a statement selects.
    fn jobs(
        &mut self,
        sql: &'static str,
        parameters: &[&str],
    ) -> impl Future<Output = Result<Vec<StoredJob>, Error>>;

    /// Runs a statement that changes rows.
    fn change(
        &mut self,
        sql: &'static str,
        parameters: &[&str],
    ) -> impl Future<Output = Result<(), Error>>;
}

/// Implements [`Table`] for what sqlx sends statements by.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
macro_rules! table {
    ($table:ty, $statements:ident, $self:ident => $executor:expr) => {
        impl Table for $table {
            const STATEMENTS: Statements = crate::database::$statements;

            async fn jobs(
                &mut $self,
                sql: &'static str,
                parameters: &[&str],
            ) -> Result<Vec<StoredJob>, Error> {
                let query = sqlx::query_as::<_, Columns>(sql);
                let bound = parameters.iter().fold(query, |query, text| query.bind((*text).to_owned()));
                let rows = bound.fetch_all($executor).await?;
                rows.into_iter().map(StoredJob::of).collect()
            }

            async fn change(&mut $self, sql: &'static str, parameters: &[&str]) -> Result<(), Error> {
                let query = sqlx::query(sql);
                let bound = parameters.iter().fold(query, |query, text| query.bind((*text).to_owned()));
                bound.execute($executor).await?;
                Ok(())
            }
        }
    };
}

#[cfg(feature = "sqlite")]
table!(&mut sqlx::SqliteConnection, SQLITE_STATEMENTS, self => &mut **self);
#[cfg(feature = "postgres")]
table!(&mut sqlx::PgConnection, POSTGRES_STATEMENTS, self => &mut **self);
#[cfg(all(feature = "ambient", feature = "sqlite"))]
table!(&commit_on_success::sqlx::Db<sqlx::Sqlite>, SQLITE_STATEMENTS, self => *self);
#[cfg(all(feature = "ambient", feature = "postgres"))]
table!(&commit_on_success::sqlx::Db<sqlx::Postgres>, POSTGRES_STATEMENTS, self => *self);
