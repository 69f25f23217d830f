//! The ids of transactions of PostgreSQL whose `COMMIT` was not answered: another connection asks for the
//! `txid_status` of one (<https://www.postgresql.org/docs/current/functions-info.html>).
//!
//! The server's number alone is not enough. A server that crashes forgets the numbers that were only in its memory,
//! and gives them out again, as does a standby that had not heard of them and takes over: that the number has been
//! committed may then mean somebody else's transaction. So a commit counts only when neither has happened since
//! the number was given. Where it is rolled back, or was never given, nothing can have been stored under it.

use std::borrow::Cow;
use std::time::Duration;

use sqlx_core::Error as SqlxError;
use sqlx_core::connection::Connection as _;
use sqlx_core::executor::Executor as _;
use sqlx_core::pool::Pool;
use sqlx_core::raw_sql::raw_sql;
use sqlx_core::row::Row as _;
use sqlx_core::sql_str::AssertSqlSafe;
use sqlx_postgres::{PgConnection, PgRow, Postgres};

use super::error::code;
use crate::error::Outcome;

/// Brings a [`TransactionId`] in the same message as the probe, on PostgreSQL 10 and later. `date_part` is faster than
/// `extract`, which makes decimal numbers.
pub(super) const PROBE: &str = "SAVEPOINT commit_on_success; \
    SELECT txid_current_if_assigned(), date_part('epoch', clock_timestamp()), \
    date_part('epoch', pg_postmaster_start_time())";
/// Milliseconds to wait before asking again: a server that has lost the connection may still be at it, or be
/// restarting.
const WAITS: [u64; 8] = [10, 20, 50, 100, 200, 500, 1000, 2000];
/// `invalid_parameter_value`: the server has not come to that number yet.
const NEVER_GIVEN: &str = "22023";

/// A transaction that has written something, as its server knows it.
#[derive(Debug)]
pub struct TransactionId {
    number: i64,
    /// The time at which it was open, by the server's clock.
    at: f64,
    /// The time at which the server was started.
    server: f64,
}

/// A server's answer.
enum Status {
    /// The server is still at it, or is not there.
    Later,
    Known(Outcome),
    /// A transaction of that number is committed, by whomever.
    Forgotten,
}

impl TransactionId {
    /// `None` where the transaction has no number, as it has written nothing.
    pub(super) fn read(rows: &[PgRow]) -> Result<Option<Self>, SqlxError> {
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let Some(number) = row.try_get(0)? else {
            return Ok(None);
        };
        let (at, server) = (row.try_get(1)?, row.try_get(2)?);
        Ok(Some(Self { number, at, server }))
    }

    /// Asks until there is an answer, or none is to be had.
    pub(super) async fn resolve(&self, pool: &Pool<Postgres>) -> Option<Outcome> {
        for wait in WAITS {
            match self.status(pool).await {
                Status::Known(outcome) => return Some(outcome),
                Status::Forgotten => return None,
                Status::Later => futures_timer::Delay::new(Duration::from_millis(wait)).await,
            }
        }
        None
    }

    async fn status(&self, pool: &Pool<Postgres>) -> Status {
        let connected = PgConnection::connect_with(&pool.connect_options()).await;
        let Ok(mut connection) = connected else {
            return Status::Later;
        };
        let row = connection.fetch_one(raw_sql(AssertSqlSafe(self.question())));
        let status = match row.await {
            Ok(row) => said(&row),
            Err(error) if code(&error) == Some(Cow::Borrowed(NEVER_GIVEN)) => {
                Status::Known(Outcome::RolledBack)
            }
            Err(_) => Status::Later,
        };
        let _ = connection.close().await;
        status
    }

    /// A standby may lag behind. Statistics do not survive a crash. After a restart in good order they are as
    /// old as before, on a server that was a standby too: that one is not on the first timeline any more.
    /// That nothing was replayed says nothing new, unless the clock was set back.
    fn question(&self) -> String {
        let Self { number, at, server } = self;
        format!(
            "SELECT CASE WHEN NOT pg_is_in_recovery() THEN txid_status({number}) END, \
             (date_part('epoch', pg_stat_get_bgwriter_stat_reset_time()) < {at} AND \
             CASE WHEN date_part('epoch', pg_postmaster_start_time()) = {server} THEN true \
             ELSE pg_last_wal_replay_lsn() IS NULL \
             AND pg_walfile_name(pg_current_wal_lsn()) LIKE '00000001%' END)::text"
        )
    }
}

fn said(row: &PgRow) -> Status {
    let text = |column| row.try_get(column).ok().flatten();
    let (status, remembers): (Option<String>, Option<String>) = (text(0), text(1));
    match (status.as_deref(), remembers.as_deref()) {
        (Some("committed"), Some("true")) => Status::Known(Outcome::Committed),
        (Some("committed"), _) => Status::Forgotten,
        (Some("aborted"), _) => Status::Known(Outcome::RolledBack),
        _ => Status::Later,
    }
}
