//! `tokio-postgres`: connections, and transactions begun by hand.
//!
//! | source | the body sees |
//! | --- | --- |
//! | `&mut Client` | `&mut Client` |
//! | `&mut Transaction<'_>` | the same; always a savepoint |
//!
//! Pools and what they give are in [`deadpool`] (feature `deadpool-postgres`).
//!
//! Each step is one message of the simple query protocol, `COMMIT` together with the savepoint that
//! makes sure that there is something to commit. So a transaction costs as many round trips as one by hand.
//!
//! Requests reach the server in the order in which they were made, also those whose future was dropped:
//! each goes into the unbounded channel to the `Connection` when its future is first polled
//! (`InnerClient::send` of tokio-postgres 0.7). So a future that is dropped half-way leaves a `ROLLBACK` in
//! that channel, and whatever comes next is outside of its transaction; it also waits for the statement
//! that was running.
//!
//! # Errors
//!
//! A `tokio_postgres::Error` cannot be made by others, so it cannot carry an [`Error`](crate::Error), and there
//! is no `From` for it. A function returns an error of its own, `anyhow::Error`, or a box:
//!
//! ```
//! use commit_on_success::commit_on_success;
//! use tokio_postgres::Client;
//!
//! #[derive(Debug, thiserror::Error)]
//! enum AppError {
//!     #[error("the database says")]
//!     Database(#[from] tokio_postgres::Error),
//!     #[error("the transaction says")]
//!     Transaction(#[from] commit_on_success::Error),
//! }
//!
//! #[commit_on_success]
//! async fn rename(client: &mut Client, id: i64, title: &str) -> Result<(), AppError> {
//!     let update = "UPDATE object SET title = $2 WHERE id = $1";
//!     client.execute(update, &[&id, &title]).await?;
//!     Ok(())
//! }
//! ```
//!
//! The driver's error is the source of [`Error::Begin`](crate::Error::Begin) and
//! [`Error::Commit`](crate::Error::Commit), where the SQLSTATE of a refused commit is found; and
//! [`Error::find`](crate::Error::find) finds the `Error` in what the function returned.
//!
//! # What cannot be kept
//!
//! A `Client` does not know whether it is in a transaction. So one that the caller has begun in plain SQL is
//! only noticed, and the block refused, once a query has run in it; before, it ends with the block. And a
//! body that ends the transaction, begins another one, and leaves that open, has its own one committed.
//!
//! A `RowStream`, `CopyInSink` or `CopyOutStream` does not borrow the client, and the driver finishes with one
//! request before it comes to the next: where one outlives the body, the commit waits until it has been read
//! to its end, finished, or dropped.

#[cfg(feature = "deadpool-postgres")]
pub mod deadpool;

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Waker};

use ::tokio_postgres::{Client, Transaction};

use super::dialect::postgresql;
use super::postgres_messages::{self as messages, Sent};
use crate::error::BoxError;
use crate::options::Options;
use crate::test_transaction;
use crate::transaction::{
    Abandoned, AsyncBegin, AsyncTransaction, CommitError, ConnectionId, RollbackError, Savepoint,
    Session, TransactionStatus,
};

/// Marks the sources of tokio-postgres.
#[derive(Debug)]
pub enum TokioPostgres {}

impl<'c> AsyncBegin<TokioPostgres> for &'c mut Client {
    type Transaction = PostgresTransaction<&'c mut Client>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(self))
    }
}

impl<'c, 't> AsyncBegin<TokioPostgres> for &'c mut Transaction<'t> {
    type Transaction = PostgresTransaction<&'c mut Transaction<'t>>;

    async fn acquire(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(self))
    }
}

/// How a source leads to its connection.
pub trait Hold: Send {
    /// What the body sees.
    type Handle<'h>
    where
        Self: 'h;

    /// What the driver is called.
    const DRIVER: &'static str;

    /// What is known of the connection.
    const STATUS: TransactionStatus;

    /// Whether dropping the source gives the connection back.
    const OWNS: bool = false;

    /// Lends the connection to the body.
    fn lend(&mut self) -> Self::Handle<'_>;

    /// The connection itself.
    fn client(&self) -> &Client;

    /// Keeps the connection from its next user, where that is possible. Nothing is asked of it afterwards.
    fn close(&mut self) {}
}

const DRIVER: &str = "tokio-postgres";

impl<'c> Hold for &'c mut Client {
    type Handle<'h>
        = &'h mut Client
    where
        'c: 'h;

    const DRIVER: &'static str = DRIVER;
    const STATUS: TransactionStatus = TransactionStatus::Untracked;

    fn lend(&mut self) -> &mut Client {
        self
    }

    fn client(&self) -> &Client {
        self
    }
}

impl<'c, 't> Hold for &'c mut Transaction<'t> {
    type Handle<'h>
        = &'h mut Transaction<'t>
    where
        'c: 'h;

    const DRIVER: &'static str = DRIVER;
    const STATUS: TransactionStatus = TransactionStatus::Open;

    fn lend(&mut self) -> &mut Transaction<'t> {
        self
    }

    fn client(&self) -> &Client {
        Transaction::client(self)
    }
}

/// A transaction on a connection of tokio-postgres.
#[derive(Debug)]
pub struct PostgresTransaction<H> {
    holder: H,
    open: Open,
}

/// What this transaction may have open on the connection.
#[derive(Clone, Copy, Debug, Default)]
enum Open {
    #[default]
    Nothing,
    Transaction,
    Savepoint(Savepoint),
}

impl<H: Hold> PostgresTransaction<H> {
    fn new(holder: H) -> Self {
        let open = Open::Nothing;
        Self { holder, open }
    }

    /// Sends a statement and does not wait for the answer: the request is on its way when its future has
    /// been polled.
    fn queue(&self, sql: &str) {
        let request = pin!(self.holder.client().batch_execute(sql));
        let _ = request.poll(&mut Context::from_waker(Waker::noop()));
    }
}

impl<H: Hold> Session for PostgresTransaction<H> {
    type Handle<'h>
        = H::Handle<'h>
    where
        Self: 'h;

    fn handle(&mut self) -> H::Handle<'_> {
        self.holder.lend()
    }

    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::of(self.holder.client())
    }

    fn status(&mut self) -> TransactionStatus {
        H::STATUS
    }

    fn owns_connection(&self) -> bool {
        H::OWNS
    }

    fn driver(&self) -> &'static str {
        H::DRIVER
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        messages::is_transient(error)
    }
}

impl<H: Hold> AsyncTransaction for PostgresTransaction<H> {
    async fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        if H::STATUS == TransactionStatus::Open {
            return Err("a transaction is open already".into());
        }
        let begin = postgresql::begin(options)?;
        self.open = Open::Transaction;
        let client = self.holder.client();
        let Err(error) = client.batch_execute(&begin).await else {
            return Ok(());
        };
        if H::OWNS && messages::is_already_open(&error) {
            client.batch_execute(messages::CLEAR).await?;
            return Ok(client.batch_execute(&begin).await?);
        }
        if messages::is_refusal(&error) {
            // What may be open all the same is somebody else's.
            self.open = Open::Nothing;
        }
        Err(error.into())
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        let client = self.holder.client();
        let sent = if client.is_closed() {
            Sent::No
        } else {
            Sent::Perhaps
        };
        let Err(error) = client.batch_execute(messages::COMMIT).await else {
            self.open = Open::Nothing;
            return Ok(());
        };
        if messages::may_be_open(&error) {
            let _ = client.batch_execute(messages::CLEAR).await;
        }
        Err(messages::commit_failure(error, sent))
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        let rolled_back = self.holder.client().batch_execute(messages::ROLLBACK).await;
        rolled_back.map_err(messages::rollback_failure)?;
        self.open = Open::Nothing;
        Ok(())
    }

    async fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        self.open = Open::Savepoint(*savepoint);
        let client = self.holder.client();
        Ok(client.batch_execute(&savepoint.create()).await?)
    }

    async fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        // From here on the answer decides whether there is something to roll back to.
        self.open = Open::Nothing;
        let client = self.holder.client();
        let released = client.batch_execute(&savepoint.release()).await;
        released.map_err(messages::failure)
    }

    async fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        self.open = Open::Nothing;
        let client = self.holder.client();
        let undone = client
            .batch_execute(&messages::rollback_to(*savepoint))
            .await;
        undone.map_err(messages::rollback_failure)
    }

    fn abandon(&mut self, abandoned: Abandoned) {
        match std::mem::take(&mut self.open) {
            Open::Nothing => return,
            Open::Transaction => self.queue(messages::CLEAR),
            Open::Savepoint(savepoint) => {
                // A test's transaction rolls back to it later, when it is asked to.
                if !test_transaction::is_open(self.connection_id()) {
                    self.queue(&messages::rollback_to(savepoint));
                }
            }
        }
        if abandoned == Abandoned::Interrupted {
            self.holder.close();
        }
    }
}
