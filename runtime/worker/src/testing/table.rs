//! The table of jobs, as the connection or the handle of a test shows it.

use crate::Error;
use crate::testing::StoredJob;

/// A parameter of a statement.
#[derive(Clone, Copy, Debug)]
pub enum Parameter<'p> {
    Number(i64),
    Text(&'p str),
}

/// The statements of a database, with what their parameters are.
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
        parameters: &[Parameter<'_>],
    ) -> impl Future<Output = Result<Vec<StoredJob>, Error>>;

    /// Runs a statement that changes rows.
    fn change(
        &mut self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> impl Future<Output = Result<(), Error>>;
}

/// A query of sqlx with its parameters.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
macro_rules! bound {
    ($query:expr, $parameters:ident) => {
        $parameters
            .iter()
            .fold($query, |query, parameter| match parameter {
                Parameter::Number(number) => query.bind(*number),
                Parameter::Text(text) => query.bind((*text).to_owned()),
            })
    };
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
                parameters: &[Parameter<'_>],
            ) -> Result<Vec<StoredJob>, Error> {
                let query = bound!(sqlx::query_as::<_, Columns>(sql), parameters);
                let rows = query.fetch_all($executor).await?;
                rows.into_iter().map(StoredJob::of).collect()
            }

            async fn change(&mut $self, sql: &'static str, parameters: &[Parameter<'_>]) -> Result<(), Error> {
                let query = bound!(sqlx::query(sql), parameters);
                query.execute($executor).await?;
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
