//! The steps of a transaction that `tokio-postgres` and the sync `postgres` share: each is one message of the simple
//! query protocol.
//!
//! The server goes through such a message statement by statement, and skips the rest when one fails
//! (<https://www.postgresql.org/docs/current/protocol-flow.html>, "Multiple Statements in a Simple Query").
//! So a probe costs no round trip.

mod answers;
#[cfg(feature = "jobs")]
pub(super) mod jobs;

use std::borrow::Cow;
use std::future::Future;

use ::tokio_postgres::Error as PostgresError;

use super::dialect::{postgresql, undo};
use super::ownership::Ownership;
use crate::error::BoxError;
use crate::observer;
use crate::transaction::{CommitError, RollbackError, Savepoint};

#[cfg(feature = "deadpool-postgres")]
pub(super) use answers::code;
pub(super) use answers::is_transient;
use answers::{AlreadyOpen, Sent};

/// A connection of either driver.
pub(super) trait Executor {
    /// Sends statements in one message.
    fn send(&mut self, sql: &str) -> impl Future<Output = Result<(), PostgresError>> + Send;

    /// Whether the connection is known to be closed.
    fn is_closed(&self) -> bool;
}

/// A connection as a block finds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    /// The name of the driver.
    pub(super) driver: &'static str,
    pub(super) ownership: Ownership,
}

/// The steps of one block.
#[derive(Debug, Default)]
#[cfg_attr(
    not(feature = "ambient"),
    allow(unreachable_pub, reason = "handles have steps of several blocks")
)]
pub struct Steps {
    open: Open,
}

/// The block's own part of the transaction, as far as it may be open on the connection.
#[derive(Clone, Copy, Debug, Default)]
enum Open {
    #[default]
    Nothing,
    Transaction,
    Savepoint(Savepoint),
    /// The savepoint has been rolled back to, or the message that does it is on its way.
    Undone,
}

impl Steps {
    pub(super) async fn begin(
        &mut self,
        executor: &mut impl Executor,
        begin: &str,
        origin: Origin,
    ) -> Result<(), BoxError> {
        self.open = Open::Transaction;
        let Err(error) = executor.send(begin).await else {
            return Ok(());
        };
        if !answers::is_refusal(&error) {
            return Err(error.into());
        }
        // If something is open all the same, it is somebody else's.
        self.open = Open::Nothing;
        if !answers::is_already_open(&error) {
            return Err(error.into());
        }
        if !origin.ownership.clears_leftovers() {
            return Err(AlreadyOpen(error).into());
        }
        self.open = Open::Transaction;
        executor.send(postgresql::CLEAR).await?;
        observer::leftover_rolled_back(origin.driver);
        Ok(executor.send(begin).await?)
    }

    pub(super) async fn commit(&mut self, executor: &mut impl Executor) -> Result<(), CommitError> {
        let sent = if executor.is_closed() {
            Sent::No
        } else {
            Sent::Perhaps
        };
        let Err(error) = executor.send(postgresql::COMMIT).await else {
            self.open = Open::Nothing;
            return Ok(());
        };
        if answers::may_be_open(&error) {
            let _ = executor.send(postgresql::CLEAR).await;
        }
        Err(answers::commit_failure(error, sent))
    }

    pub(super) async fn rollback(
        &mut self,
        executor: &mut impl Executor,
    ) -> Result<(), RollbackError> {
        send(executor, postgresql::ROLLBACK).await?;
        self.open = Open::Nothing;
        Ok(())
    }

    pub(super) async fn savepoint(
        &mut self,
        executor: &mut impl Executor,
        savepoint: &Savepoint,
    ) -> Result<(), BoxError> {
        self.open = Open::Savepoint(*savepoint);
        Ok(executor.send(&savepoint.create()).await?)
    }

    pub(super) async fn release(
        &mut self,
        executor: &mut impl Executor,
        savepoint: &Savepoint,
    ) -> Result<(), CommitError> {
        // From here on the answer decides whether there is something to roll back to.
        self.open = Open::Nothing;
        send(executor, &savepoint.release()).await
    }

    pub(super) async fn rollback_to(
        &mut self,
        executor: &mut impl Executor,
        savepoint: &Savepoint,
    ) -> Result<(), RollbackError> {
        // Once it was sent, it is done whether somebody waits for the answer or not.
        self.open = Open::Undone;
        let undone = send(executor, &undo(*savepoint)).await;
        if undone.is_err() {
            self.open = Open::Nothing;
        }
        Ok(undone?)
    }

    pub(super) async fn check(executor: &mut impl Executor) -> Result<(), CommitError> {
        send(executor, postgresql::CHECK).await
    }

    /// Whether a savepoint of this block is open.
    #[cfg_attr(
        not(feature = "tokio-postgres"),
        allow(dead_code, reason = "a sync block is never dropped half-way")
    )]
    pub(super) fn is_nested(&self) -> bool {
        matches!(self.open, Open::Savepoint(_))
    }

    /// Whether nothing is left of what the block did since its savepoint.
    #[cfg_attr(
        not(feature = "tokio-postgres"),
        allow(dead_code, reason = "a sync block is never dropped half-way")
    )]
    pub(super) fn has_undone(&self) -> bool {
        matches!(self.open, Open::Undone)
    }

    /// The block is given up: returns the message that undoes what it has left open, which is to be sent next.
    pub(super) fn abandon(&mut self) -> Option<Cow<'static, str>> {
        match self.open {
            Open::Nothing | Open::Undone => None,
            Open::Transaction => {
                self.open = Open::Nothing;
                Some(Cow::Borrowed(postgresql::CLEAR))
            }
            Open::Savepoint(savepoint) => {
                self.open = Open::Undone;
                Some(Cow::Owned(undo(savepoint)))
            }
        }
    }
}

async fn send(executor: &mut impl Executor, sql: &str) -> Result<(), CommitError> {
    executor.send(sql).await.map_err(answers::failure)
}
