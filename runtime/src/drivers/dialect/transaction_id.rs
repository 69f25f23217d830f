//! The ids of transactions of PostgreSQL whose `COMMIT` was not answered: another connection asks for the
//! `txid_status` of one (<https://www.postgresql.org/docs/current/functions-info.html>).
//!
//! The server's number alone is not enough. A server that crashes forgets the numbers that were only in its memory,
//! and gives them out again, as does a standby that had not heard of them and takes over: that the number has been
//! committed may then mean somebody else's transaction. So a commit counts only when neither has happened since
//! the number was given. Where it is rolled back, or was never given, nothing can have been stored under it.

use std::future::Future;
use std::time::Duration;

use crate::error::Outcome;
use crate::transaction::CommitError;

macro_rules! number {
    () => {
        "SELECT txid_current_if_assigned(), date_part('epoch', clock_timestamp()), \
        date_part('epoch', pg_postmaster_start_time())"
    };
}

/// Brings a [`TransactionId`], on PostgreSQL 10 and later. `date_part` is faster than `extract`, which makes decimal
/// numbers.
pub(crate) const NUMBER: &str = number!();
/// The same, where the transaction is open and going to be stored; fails where it is not.
pub(crate) const PROBE: &str = concat!(savepoint!(), "; ", number!());
/// Milliseconds to wait before asking again: a server that has lost the connection may still be at it, or be
/// restarting.
const WAITS: [u64; 8] = [10, 20, 50, 100, 200, 500, 1000, 2000];
/// `invalid_parameter_value`: the server has not come to that number yet.
const NEVER_GIVEN: &str = "22023";

/// A transaction that has written something, as its server knows it.
#[derive(Debug)]
pub struct TransactionId {
    pub(crate) number: i64,
    /// The time at which it was open, by the server's clock.
    pub(crate) at: f64,
    /// The time at which the server was started.
    pub(crate) server: f64,
}

/// The server's answer to a question about a transaction.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The two columns of its row.
    Row([Option<String>; 2]),
    /// The SQLSTATE of an error.
    Error(String),
    /// None: the server is not there.
    Silence,
}

/// A way to the server of a transaction, other than the connection that the transaction was on.
pub(crate) trait Ask: Sync {
    /// Asks a question, on a connection that is made for it.
    fn ask(&self, question: String) -> impl Future<Output = Answer> + Send;
}

/// The state of a transaction, as a server knows it.
enum Status {
    /// The server is still at it, or is not there.
    Later,
    Known(Outcome),
    /// A transaction of that number is committed, by whomever.
    Forgotten,
}

impl TransactionId {
    /// Asks until there is an answer, or none is to be had.
    pub(crate) async fn resolve(&self, server: &impl Ask) -> Option<Outcome> {
        for wait in WAITS {
            match Status::of(&server.ask(self.question()).await) {
                Status::Known(outcome) => return Some(outcome),
                Status::Forgotten => return None,
                Status::Later => futures_timer::Delay::new(Duration::from_millis(wait)).await,
            }
        }
        None
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

impl Status {
    fn of(answer: &Answer) -> Self {
        let row = match answer {
            Answer::Row(row) => row.each_ref().map(Option::as_deref),
            Answer::Error(code) if code == NEVER_GIVEN => return Self::Known(Outcome::RolledBack),
            Answer::Error(_) | Answer::Silence => return Self::Later,
        };
        match row {
            [Some("committed"), Some("true")] => Self::Known(Outcome::Committed),
            [Some("committed"), _] => Self::Forgotten,
            [Some("aborted"), _] => Self::Known(Outcome::RolledBack),
            _ => Self::Later,
        }
    }
}

/// The end of a commit, once it is known what became of a transaction whose own connection did not tell.
pub(crate) fn settled(
    outcome: Option<Outcome>,
    committed: Result<(), CommitError>,
) -> Result<(), CommitError> {
    match (outcome, committed) {
        (Some(Outcome::Committed), Err(CommitError::Unknown(_))) => Ok(()),
        (Some(Outcome::RolledBack), Err(CommitError::Unknown(error))) => {
            Err(CommitError::RolledBack(error))
        }
        (_, committed) => committed,
    }
}
