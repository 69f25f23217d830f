//! Sending statements, on a connection of either driver.

use std::future::Future;

use ::diesel::connection::{InstrumentationEvent, TransactionManagerStatus};
use ::diesel::result::QueryResult;

/// A connection of diesel or diesel-async.
pub(in crate::drivers) trait Executor: Send {
    /// Sends statements in one message.
    fn send(&mut self, sql: &str) -> impl Future<Output = QueryResult<()>> + Send;

    /// Sends a statement that a connection may keep prepared.
    fn send_cached(
        &mut self,
        statement: CachedStatement,
    ) -> impl Future<Output = QueryResult<()>> + Send {
        self.send(statement.sql())
    }

    /// Has diesel's own manager of transactions do something.
    fn manage(&mut self, step: Managed) -> impl Future<Output = QueryResult<()>> + Send;

    /// The transactions that diesel's manager knows of.
    fn status(&mut self) -> &mut TransactionManagerStatus;

    /// Tells diesel's instrumentation.
    fn tell(&mut self, event: InstrumentationEvent<'_>);
}

/// The statements that most transactions of SQLite begin and end with. Parsing them takes SQLite longer than running
/// them.
#[derive(Clone, Copy, Debug)]
pub(in crate::drivers) enum CachedStatement {
    Begin,
    Commit,
}

impl CachedStatement {
    pub(in crate::drivers) const fn sql(self) -> &'static str {
        match self {
            Self::Begin => "BEGIN",
            Self::Commit => "COMMIT",
        }
    }
}

/// A step of diesel's own manager: a transaction or a savepoint further in or out.
#[derive(Clone, Copy, Debug)]
pub(in crate::drivers) enum Managed {
    Begin,
    Commit,
    RollBack,
}
