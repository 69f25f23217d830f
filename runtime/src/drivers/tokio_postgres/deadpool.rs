//! The sources of deadpool-postgres.

use std::fmt;
use std::ops::DerefMut;

use ::deadpool::managed::Manager as _;
use ::deadpool_postgres::{Object, Pool, Transaction};
use ::tokio_postgres::{Client, Transaction as Inner};

use super::hold::Hold;
use super::transaction::{PostgresTransaction, columns};
use crate::drivers::dialect::transaction_id::{Answer, Ask, TransactionId};
use crate::drivers::ownership::Ownership;
use crate::drivers::postgres_steps::code;
use crate::error::{BoxError, Outcome};
use crate::transaction::{AsyncBegin, ConnectionId, Keeper, Owned, TransactionStatus};

/// Marks the sources of deadpool-postgres.
#[derive(Debug)]
pub enum DeadpoolPostgres {}

impl AsyncBegin<DeadpoolPostgres> for &Pool {
    type Transaction = PostgresTransaction<Pooled>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        AsyncBegin::acquire_session(self.get().await?).await
    }
}

impl AsyncBegin<DeadpoolPostgres> for Pool {
    type Transaction = PostgresTransaction<Pooled>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        AsyncBegin::acquire_session(&self).await
    }
}

impl AsyncBegin<DeadpoolPostgres> for Object {
    type Transaction = PostgresTransaction<Pooled>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(Pooled(Some(self))))
    }
}

impl<'c> AsyncBegin<DeadpoolPostgres> for &'c mut Object {
    type Transaction = PostgresTransaction<&'c mut Object>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(self))
    }
}

impl<'c, 't> AsyncBegin<DeadpoolPostgres> for &'c mut Transaction<'t> {
    type Transaction = PostgresTransaction<&'c mut Transaction<'t>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(self))
    }
}

impl<G> AsyncBegin<DeadpoolPostgres> for Owned<G>
where
    G: DerefMut<Target = Object> + Send,
{
    type Transaction = PostgresTransaction<GuardedObject<G>>;

    async fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        Ok(PostgresTransaction::new(GuardedObject(self.0)))
    }
}

const DRIVER: &str = "deadpool-postgres";

/// A pooled connection that nobody else has.
pub struct Pooled(
    /// `None` once it was taken out of its pool.
    Option<Object>,
);

impl fmt::Debug for Pooled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pooled")
    }
}

const TAKEN: &str = "nothing is asked of a connection that was closed";

impl Pooled {
    /// The connection.
    pub(super) fn object(&self) -> &Object {
        match &self.0 {
            Some(object) => object,
            None => unreachable!("{TAKEN}"),
        }
    }
}

impl Hold for Pooled {
    type Handle<'h> = &'h mut Object;

    const DRIVER: &'static str = DRIVER;
    const OWNERSHIP: Ownership = Ownership::Closable;
    const SETTLES: bool = true;

    fn lend(&mut self) -> &mut Object {
        match &mut self.0 {
            Some(object) => object,
            None => unreachable!("{TAKEN}"),
        }
    }

    fn client(&self) -> &Client {
        self.object()
    }

    fn pool(&self) -> Option<usize> {
        Object::pool(self.object()).map(|pool| address(&pool))
    }

    fn keep<K: Keeper<PostgresTransaction<Self>>>(
        transaction: PostgresTransaction<Self>,
        keeper: K,
    ) -> K::Kept {
        keeper.of_owned(transaction, |transaction| transaction)
    }

    async fn resolve(&self, id: &TransactionId) -> Option<Outcome> {
        let pool = self.0.as_ref().and_then(Object::pool)?;
        id.resolve(&pool).await
    }

    fn close(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

/// On a connection that does not count for the pool, which may have no other to give.
impl Ask for Pool {
    async fn ask(&self, question: String) -> Answer {
        let manager = self.manager();
        let Ok(mut connection) = manager.create().await else {
            return Answer::Silence;
        };
        let answer = connection.simple_query(&question).await;
        manager.detach(&mut connection);
        match answer {
            Ok(answer) => Answer::Row(columns(&answer).map(|column| column.map(str::to_owned))),
            Err(error) => match code(&error) {
                Some(code) => Answer::Error(code.to_owned()),
                None => Answer::Silence,
            },
        }
    }
}

/// The address that stands for a pool and all of its clones.
pub(super) fn address(pool: &Pool) -> usize {
    std::ptr::from_ref(pool.manager()).addr()
}

impl<'c> Hold for &'c mut Object {
    type Handle<'h>
        = &'h mut Object
    where
        'c: 'h;

    const DRIVER: &'static str = DRIVER;

    fn lend(&mut self) -> &mut Object {
        self
    }

    fn client(&self) -> &Client {
        self
    }

    fn pool(&self) -> Option<usize> {
        Object::pool(self).map(|pool| address(&pool))
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
        Inner::client(self)
    }

    /// The same as through the transaction of tokio-postgres inside of this one.
    fn id(&self) -> ConnectionId {
        ConnectionId::of::<Inner<'t>>(self)
    }
}

/// A pooled connection that is given away with the guard that leads to it.
#[derive(Debug)]
pub struct GuardedObject<G>(G);

impl<G> Hold for GuardedObject<G>
where
    G: DerefMut<Target = Object> + Send,
{
    type Handle<'h>
        = &'h mut Object
    where
        G: 'h;

    const DRIVER: &'static str = DRIVER;
    const OWNERSHIP: Ownership = Ownership::Owned;

    fn lend(&mut self) -> &mut Object {
        &mut self.0
    }

    fn client(&self) -> &Client {
        &self.0
    }
}
