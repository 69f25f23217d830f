//! The transaction on a connection of tokio-postgres, whatever the source.

use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::ops::DerefMut;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use ::tokio_postgres::{Client, Error as PostgresError, SimpleQueryMessage, Transaction};

use super::hold::{Guarded, Hold};
#[cfg(feature = "ambient")]
use crate::ambient;
use crate::drivers::dialect::transaction_id::{self, TransactionId, settled};
use crate::drivers::dialect::{postgresql, postgresql_settings};
use crate::drivers::postgres_steps::{self as steps, Executor, Origin, Steps};
use crate::error::BoxError;
use crate::options::Options;
#[cfg(feature = "ambient")]
use crate::pool_id::PoolId;
use crate::settings::Settings;
use crate::test_transaction;
use crate::transaction::{
    Abandoned, AsyncBegin, AsyncTransaction, CommitError, ConnectionId, Keeper, Owned,
    RollbackError, Savepoint, Session, TransactionStatus,
};

/// Marks the sources of tokio-postgres.
#[derive(Debug)]
pub enum TokioPostgres {}

impl<'c> AsyncBegin<TokioPostgres> for &'c mut Client {
    type Transaction = PostgresTransaction<&'c mut Client>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(self))
    }
}

impl<'c, 't> AsyncBegin<TokioPostgres> for &'c mut Transaction<'t> {
    type Transaction = PostgresTransaction<&'c mut Transaction<'t>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(self))
    }
}

impl<G> AsyncBegin<TokioPostgres> for Owned<G>
where
    G: DerefMut<Target = Client> + Send,
{
    type Transaction = PostgresTransaction<Guarded<G>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(Guarded(self.0)))
    }
}

/// A transaction on a connection of tokio-postgres.
#[derive(Debug)]
pub struct PostgresTransaction<H> {
    pub(super) holder: H,
    pub(super) steps: Steps,
    /// Whether an unknown outcome is asked for.
    settles: bool,
}

impl<H: Hold> PostgresTransaction<H> {
    const ORIGIN: Origin = Origin {
        driver: H::DRIVER,
        ownership: H::OWNERSHIP,
    };

    pub(super) fn new(holder: H) -> Self {
        Self {
            holder,
            steps: Steps::default(),
            settles: false,
        }
    }

    fn statements(options: &Options) -> Result<Cow<'static, str>, BoxError> {
        if H::STATUS == TransactionStatus::Open {
            return Err("a transaction is open already".into());
        }
        Ok(if H::SETTLES {
            postgresql::begin_settling(options)?
        } else {
            postgresql::begin(options)?
        })
    }

    /// Asks for the transaction's number ahead of `COMMIT`, without waiting for it, and with it what became of the
    /// transaction where the answer to `COMMIT` does not come.
    async fn commit_and_settle(&mut self) -> Result<(), CommitError> {
        let mut client = self.holder.client();
        let mut number = pin!(client.simple_query(transaction_id::NUMBER));
        let mut said = None;
        let mut commit = pin!(self.steps.commit(&mut client));
        // The first poll of the question sends it. The others take in its answer: tokio-postgres has room for a part of it,
        // and does not go on to the next one before.
        let committed = poll_fn(|context| {
            if said.is_none()
                && let Poll::Ready(number) = number.as_mut().poll(context)
            {
                said = Some(number);
            }
            commit.as_mut().poll(context)
        });
        let committed = committed.await;
        if !matches!(committed, Err(CommitError::Unknown(_))) {
            return committed;
        }
        let number = match said {
            Some(number) => number,
            None => number.await,
        };
        let Some(id) = number.ok().and_then(|number| TransactionId::said(&number)) else {
            return committed;
        };
        settled(self.holder.resolve(&id).await, committed)
    }

    /// Sends a statement and does not wait for the answer: the request is on its way when its future has
    /// been polled.
    fn queue(&self, sql: &str) {
        let request = pin!(self.holder.client().batch_execute(sql));
        let _ = request.poll(&mut Context::from_waker(Waker::noop()));
    }
}

impl TransactionId {
    /// `None` where the transaction has no number, as it has written nothing.
    fn said(answer: &[SimpleQueryMessage]) -> Option<Self> {
        let [number, at, server] = columns(answer);
        Some(Self {
            number: number?.parse().ok()?,
            at: at?.parse().ok()?,
            server: server?.parse().ok()?,
        })
    }
}

/// The first columns of the only row.
pub(super) fn columns<const N: usize>(answer: &[SimpleQueryMessage]) -> [Option<&str>; N] {
    let row = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    std::array::from_fn(|column| row?.try_get(column).ok().flatten())
}

impl Executor for &Client {
    fn send(&mut self, sql: &str) -> impl Future<Output = Result<(), PostgresError>> + Send {
        self.batch_execute(sql)
    }

    fn is_closed(&self) -> bool {
        Client::is_closed(self)
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
        self.holder.id()
    }

    fn status(&mut self) -> TransactionStatus {
        H::STATUS
    }

    fn owns_connection(&self) -> bool {
        H::OWNERSHIP.is_owned()
    }

    fn clears_leftovers(&self) -> bool {
        H::OWNERSHIP.clears_leftovers()
    }

    fn closes_connection(&self) -> bool {
        H::OWNERSHIP.closes_connection()
    }

    /// All sources borrow their connection mutably, or have it.
    fn is_exclusive(&self) -> bool {
        true
    }

    fn driver(&self) -> &'static str {
        H::DRIVER
    }

    #[cfg(feature = "ambient")]
    fn pool(&self) -> PoolId {
        ambient::pool_of::<TokioPostgres>(|| self.holder.pool())
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        steps::is_transient(error)
    }
}

impl<H: Hold> AsyncTransaction for PostgresTransaction<H> {
    async fn begin(&mut self, options: &Options) -> Result<(), BoxError> {
        let begin = Self::statements(options)?;
        self.settles = options.settle;
        let mut client = self.holder.client();
        self.steps.begin(&mut client, &begin, Self::ORIGIN).await
    }

    async fn begin_with(
        &mut self,
        options: &Options,
        settings: &mut Settings,
    ) -> Result<(), BoxError> {
        let begin = postgresql_settings::before(settings, Self::statements(options))?;
        self.settles = options.settle;
        let mut client = self.holder.client();
        self.steps.begin(&mut client, &begin, Self::ORIGIN).await
    }

    async fn set_in_test(&mut self, settings: &Settings) -> Result<(), BoxError> {
        let set = postgresql_settings::set_in_test(settings)?;
        Ok(self.holder.client().batch_execute(&set).await?)
    }

    async fn unset_in_test(&mut self, settings: &Settings) {
        let unset = postgresql_settings::unset_in_test(settings);
        let _ = self.holder.client().batch_execute(&unset).await;
    }

    async fn commit(&mut self) -> Result<(), CommitError> {
        if self.settles {
            self.commit_and_settle().await
        } else {
            self.steps.commit(&mut self.holder.client()).await
        }
    }

    async fn rollback(&mut self) -> Result<(), RollbackError> {
        self.steps.rollback(&mut self.holder.client()).await
    }

    async fn savepoint(&mut self, savepoint: &Savepoint) -> Result<(), BoxError> {
        let mut client = self.holder.client();
        self.steps.savepoint(&mut client, savepoint).await
    }

    async fn release(&mut self, savepoint: &Savepoint) -> Result<(), CommitError> {
        let mut client = self.holder.client();
        self.steps.release(&mut client, savepoint).await
    }

    async fn rollback_to(&mut self, savepoint: &Savepoint) -> Result<(), RollbackError> {
        let mut client = self.holder.client();
        self.steps.rollback_to(&mut client, savepoint).await
    }

    async fn check(&mut self) -> Result<(), CommitError> {
        Steps::check(&mut self.holder.client()).await
    }

    fn abandon(&mut self, abandoned: Abandoned) {
        // A test's transaction rolls back to the savepoint later, when it is asked to.
        if self.steps.is_nested() && test_transaction::is_open(self.connection_id()) {
            return;
        }
        let Some(undo) = self.steps.abandon() else {
            return;
        };
        self.queue(&undo);
        if abandoned == Abandoned::Interrupted {
            self.holder.close();
        }
    }

    fn has_undone(&self) -> bool {
        self.steps.has_undone()
    }

    fn recovers(&self) -> bool {
        true
    }

    /// Requests go in order, so that the answer is the one to this `ROLLBACK`.
    async fn recover(&mut self) -> bool {
        let cleared = self.holder.client().batch_execute(postgresql::CLEAR).await;
        cleared.is_ok()
    }

    fn keep<K: Keeper<Self>>(self, keeper: K) -> K::Kept {
        H::keep(self, keeper)
    }
}
