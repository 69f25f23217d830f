//! The job that a handler runs for.

use riverqueue::JobRow;

use crate::Error;
use crate::database::JobConnection;

/// The attempt that a handler was called for.
///
/// ```
/// use commit_on_success::jobs::Job;
/// use commit_on_success_worker::Context;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize)]
/// # struct Mail {
/// #     id: i64,
/// # }
/// # impl Job for Mail {
/// #     const KIND: &'static str = "mail";
/// # }
///
/// async fn send(context: Context, mail: Mail) -> Result<(), std::io::Error> {
///     if context.is_last_attempt() {
///         eprintln!("mail {} is tried for the last time", mail.id);
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Context {
    id: i64,
    attempt: i32,
    attempts: i32,
}

impl Context {
    pub(crate) fn new(row: &JobRow) -> Self {
        Self::of_attempt(row.id, row.attempt, row.max_attempts)
    }

    pub(crate) fn of_attempt(id: i64, attempt: i32, attempts: i32) -> Self {
        Self {
            id,
            attempt,
            attempts,
        }
    }

    /// The number of the job, which all of its attempts share.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The number of this attempt, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt.try_into().unwrap_or_default()
    }

    /// The number of attempts after which the job is given up.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.try_into().unwrap_or_default()
    }

    /// Whether the job is given up if this attempt fails.
    #[must_use]
    pub fn is_last_attempt(&self) -> bool {
        self.attempt >= self.attempts
    }

    /// Completes the job in the handler's own transaction, so that what that has written and the end of the job are there together or
    /// not at all: what is written in the database of the jobs happens once, although the job may run more than once.
    ///
    /// The connection is one in a transaction, of the database that the job is stored in. A handler that has completed its job returns `Ok`
    /// only if the transaction has committed.
    ///
    /// # Errors
    ///
    /// [`Error::NotRunning`] where the job has ended meanwhile, or was given to another worker and ended there: the transaction is to be rolled
    /// back, which an annotated function does that returns this error. [`Error::Database`] where the statement fails.
    ///
    /// # Cancel safety
    ///
    /// The job is completed if the transaction commits after the statement was sent, and not otherwise.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # mod example {
    /// use commit_on_success::commit_on_success;
    /// use commit_on_success::jobs::Job;
    /// use commit_on_success_worker::Context;
    /// use sqlx::SqlitePool;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize)]
    /// # struct Credit {
    /// #     account: i64,
    /// # }
    /// # impl Job for Credit {
    /// #     const KIND: &'static str = "credit";
    /// # }
    ///
    /// #[commit_on_success(tx = pool)]
    /// async fn credit(pool: SqlitePool, context: Context, job: Credit) -> anyhow::Result<()> {
    ///     sqlx::query("UPDATE account SET balance = balance + 1 WHERE id = ?")
    ///         .bind(job.account)
    ///         .execute(&mut *tx)
    ///         .await?;
    ///     context.complete(tx).await?; // once, also if the process dies here
    ///     Ok(())
    /// }
    /// # }
    /// ```
    pub async fn complete<C: JobConnection>(&self, connection: &mut C) -> Result<(), Error> {
        self.was_running(connection.complete(self.id).await?)
    }

    /// [`complete`](Self::complete) for the transaction of a handler that blocks.
    ///
    /// # Errors
    ///
    /// [`Error::NotRunning`], as there, and [`Error::Rusqlite`] where the statement fails.
    ///
    /// ```
    /// use commit_on_success::commit_on_success;
    /// use commit_on_success::jobs::Job;
    /// use commit_on_success_worker::Context;
    /// use rusqlite::Connection;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize)]
    /// # struct Credit {
    /// #     account: i64,
    /// # }
    /// # impl Job for Credit {
    /// #     const KIND: &'static str = "credit";
    /// # }
    ///
    /// #[commit_on_success]
    /// fn credit(conn: &mut Connection, context: &Context, job: &Credit) -> anyhow::Result<()> {
    ///     conn.execute("UPDATE account SET balance = balance + 1 WHERE id = ?1", [job.account])?;
    ///     context.complete_blocking(conn)?; // once, also if the process dies here
    ///     Ok(())
    /// }
    /// ```
    #[cfg(feature = "rusqlite")]
    pub fn complete_blocking(&self, connection: &rusqlite::Connection) -> Result<(), Error> {
        let completed = connection
            .prepare_cached(crate::database::SQLITE_COMPLETE)?
            .execute([self.id])?;
        self.was_running(completed.try_into().unwrap_or(u64::MAX))
    }

    fn was_running(&self, completed: u64) -> Result<(), Error> {
        match completed {
            0 => Err(Error::NotRunning { id: self.id }),
            _ => Ok(()),
        }
    }
}
