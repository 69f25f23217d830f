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
    /// The job, and its error.
    pub(crate) fail: &'static str,
}

/// The columns of a row: number, kind, queue, arguments, attempts that were begun, attempts at most, whether it is to wait.
pub(crate) type Columns = (i64, String, String, String, i32, i32, bool);

pub trait Table {
    const STATEMENTS: Statements;

    /// The jobs that a statement selects.
    async fn jobs(&mut self, sql: &'static str, parameters: &[&str])
    -> Result<Vec<StoredJob>, Error>;

    /// Runs a statement that changes rows.
    async fn change(&mut self, sql: &'static str, parameters: &[&str]) -> Result<(), Error>;
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

/// What leads a sync test to its connection.
#[cfg(feature = "rusqlite")]
pub trait Lender {
    /// Runs `f` with the connection.
    fn lend<R>(
        &self,
        f: impl FnOnce(&rusqlite::Connection) -> Result<R, Error>,
    ) -> Result<R, Error>;
}

#[cfg(feature = "rusqlite")]
impl Lender for rusqlite::Connection {
    fn lend<R>(&self, f: impl FnOnce(&Self) -> Result<R, Error>) -> Result<R, Error> {
        f(self)
    }
}

#[cfg(all(feature = "ambient", feature = "rusqlite"))]
impl<G: std::ops::Deref<Target = rusqlite::Connection> + 'static> Lender
    for commit_on_success::rusqlite::Db<G>
{
    fn lend<R>(
        &self,
        f: impl FnOnce(&rusqlite::Connection) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.with(f)
    }
}

/// The table behind a sync connection.
#[cfg(feature = "rusqlite")]
pub(super) struct Blocking<'l, L>(pub(super) &'l L);

#[cfg(feature = "rusqlite")]
impl<L: Lender> Table for Blocking<'_, L> {
    const STATEMENTS: Statements = crate::database::SQLITE_STATEMENTS;

    async fn jobs(
        &mut self,
        sql: &'static str,
        parameters: &[&str],
    ) -> Result<Vec<StoredJob>, Error> {
        self.0.lend(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            let rows = select.query_map(rusqlite::params_from_iter(parameters), |row| {
                Columns::try_from(row)
            })?;
            rows.map(|row| StoredJob::of(row?)).collect()
        })
    }

    async fn change(&mut self, sql: &'static str, parameters: &[&str]) -> Result<(), Error> {
        self.0.lend(|connection| {
            let mut change = connection.prepare_cached(sql)?;
            change.execute(rusqlite::params_from_iter(parameters))?;
            Ok(())
        })
    }
}
