//! The functions of sync tests: the async ones, on a connection that nobody waits for.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rusqlite::types::{ToSql, ToSqlOutput};
use tokio::runtime::Builder;

use super::call::Call;
use super::table::{Columns, Parameter, Statements, Table};
use super::{Attempts, StoredJob, advance, run, stored};
use crate::{Error, Handlers};

/// A connection, or a handle, of a sync test: see the [module](super).
pub trait BlockingJobTable: sealed::Lender {}

impl<L: sealed::Lender> BlockingJobTable for L {}

/// [`stored`] for a sync test.
///
/// # Errors
///
/// [`Error::Rusqlite`].
///
/// An example is at [`run_blocking`].
pub fn stored_blocking<L: BlockingJobTable>(table: &L) -> Result<Vec<StoredJob>, Error> {
    at_once(stored(Blocking(table)))
}

/// [`run`](super::run()) for a sync test.
///
/// Handlers that [block](Handlers::handle_blocking) are called on the thread of the test, and the others in a runtime of this call.
///
/// # Errors
///
/// Those of [`run`](super::run()), [`Error::Rusqlite`] instead of [`Error::Database`], and [`Error::Thread`] where no runtime can be made.
///
/// # Panics
///
/// Inside of an async runtime.
///
/// ```
/// # fn main() -> anyhow::Result<()> {
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
pub fn run_blocking<L: BlockingJobTable>(
    table: &L,
    handlers: &Handlers,
) -> Result<Attempts, Error> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Thread)?;
    let call = async |call: &Call, context, json| call.here(&runtime, context, json);
    at_once(run::run(&mut Blocking(table), handlers, call))
}

/// [`advance`] for a sync test.
///
/// # Errors
///
/// [`Error::Rusqlite`].
///
/// An example is at [`advance`].
pub fn advance_blocking<L: BlockingJobTable>(table: &L, time: Duration) -> Result<(), Error> {
    at_once(advance(Blocking(table), time))
}

/// The result of a future that waits for nothing.
fn at_once<R>(work: impl Future<Output = R>) -> R {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("a sync driver is never waited for"),
    }
}

mod sealed {
    use crate::Error;

    /// A way to the connection of a sync test.
    pub trait Lender {
        /// Runs `f` with the connection.
        fn lend<R>(
            &self,
            f: impl FnOnce(&rusqlite::Connection) -> Result<R, Error>,
        ) -> Result<R, Error>;
    }

    impl Lender for rusqlite::Connection {
        fn lend<R>(&self, f: impl FnOnce(&Self) -> Result<R, Error>) -> Result<R, Error> {
            f(self)
        }
    }

    #[cfg(feature = "ambient")]
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
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Number(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
        }
    }
}

/// The table behind a sync connection.
struct Blocking<'l, L>(&'l L);

impl<L: BlockingJobTable> Table for Blocking<'_, L> {
    const STATEMENTS: Statements = crate::database::SQLITE_STATEMENTS;

    async fn jobs(
        &mut self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<StoredJob>, Error> {
        self.0.lend(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            let rows = select.query_map(rusqlite::params_from_iter(parameters), |row| {
                Columns::try_from(row)
            })?;
            rows.map(|row| StoredJob::of(row?)).collect()
        })
    }

    async fn change(
        &mut self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<(), Error> {
        self.0.lend(|connection| {
            let mut change = connection.prepare_cached(sql)?;
            change.execute(rusqlite::params_from_iter(parameters))?;
            Ok(())
        })
    }
}
