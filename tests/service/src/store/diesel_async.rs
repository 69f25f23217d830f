//! On a pool of deadpool with connections of diesel-async to PostgreSQL.

use commit_on_success::{commit_on_success, defer};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::{ConnectionError, ExpressionMethods as _, QueryDsl as _, insert_into, update};
use diesel_async::pooled_connection::deadpool::{self, PoolError};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig};
use diesel_async::{
    AsyncConnection as _, AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _,
};
use tokio_postgres::{Config, NoTls};

use super::failure::{unless_refused, unless_sold_out};
use super::{Annotated, ByHand, CONNECTIONS, Check, Failure, PATIENCE, Sessions, Shop, Store};
use crate::effects::Effects;
use crate::ledger::Postgres;
use crate::order::{Audit, Order};

/// A pool of deadpool.
pub type Pool = deadpool::Pool<AsyncPgConnection>;

mod schema {
    diesel::table! { orders { id -> BigInt, customer -> Integer, } }
    diesel::table! { audits (order_id) { order_id -> BigInt, } }
    diesel::table! { stock (item) { item -> Integer, remaining -> BigInt, } }
}

use self::schema::{audits, orders, stock};

/// A pool of its own for a way.
///
/// # Errors
///
/// When the URL is none.
pub fn pool(place: &Postgres, sessions: Sessions) -> anyhow::Result<Pool> {
    let mut config: Config = place.url().parse()?;
    config
        .application_name(place.name())
        .options(format!("-c search_path={}", place.name()));
    let mut setup = ManagerConfig::default();
    setup.custom_setup = Box::new(move |_| Box::pin(connect(config.clone(), sessions.clone())));
    let manager = AsyncDieselConnectionManager::new_with_config(place.url(), setup);
    let pool = Pool::builder(manager)
        .max_size(CONNECTIONS.into())
        .runtime(deadpool_postgres::Runtime::Tokio1)
        .wait_timeout(Some(PATIENCE))
        .create_timeout(Some(PATIENCE));
    Ok(pool.build()?)
}

async fn connect(config: Config, sessions: Sessions) -> Result<AsyncPgConnection, ConnectionError> {
    let connected = config.connect(NoTls).await;
    let (client, wire) =
        connected.map_err(|error| ConnectionError::BadConnection(error.to_string()))?;
    sessions.begun();
    AsyncPgConnection::try_from_client_and_connection(client, wire).await
}

impl Store for Annotated<Pool> {
    async fn place(&self, order: Order) -> Result<(), Failure> {
        place(&self.0, order).await
    }
}

#[commit_on_success(tx = &shop.pool)]
async fn place(shop: &Shop<Pool>, order: Order) -> Result<(), Failure> {
    insert(tx, order).await?;
    unless_refused(audit(tx, order, shop.effects.clone()).await)?;
    defer!(shop.effects.clone().placed(order.id));
    order.end_of_body()
}

#[commit_on_success]
async fn audit(tx: &mut AsyncPgConnection, order: Order, effects: Effects) -> Result<(), Failure> {
    defer!(effects.audited_later(order.id).await);
    insert_audit(tx, order).await
}

impl Store for ByHand<Pool> {
    async fn place(&self, order: Order) -> Result<(), Failure> {
        let Self(shop, check) = self;
        let mut connection = shop.pool.get().await?;
        let tx: &mut AsyncPgConnection = &mut connection;
        let work = async |tx: &mut AsyncPgConnection| {
            let placed = place_by_hand(tx, order, *check).await;
            placed.map_err(AtEnd)
        };
        let placed = tx.transaction(work).await;
        let audit = placed.map_err(|AtEnd(failure)| failure)?;
        drop(connection);
        shop.call(order.id, audit).await;
        Ok(())
    }
}

async fn place_by_hand(
    tx: &mut AsyncPgConnection,
    order: Order,
    check: Check,
) -> Result<Audit, Failure> {
    insert(tx, order).await?;
    let audit = audit_by_hand(tx, order).await?;
    order.end_of_body()?;
    if check == Check::Transaction {
        tx.batch_execute("SELECT 1").await?;
    }
    Ok(audit)
}

async fn audit_by_hand(tx: &mut AsyncPgConnection, order: Order) -> Result<Audit, Failure> {
    let savepoint = async |savepoint: &mut AsyncPgConnection| insert_audit(savepoint, order).await;
    unless_refused(tx.transaction(savepoint).await)
}

async fn insert(tx: &mut AsyncPgConnection, order: Order) -> Result<(), Failure> {
    let item = stock::table.find(order.item);
    let remaining = item.select(stock::remaining).for_update();
    unless_sold_out(remaining.get_result(tx).await?)?;
    let row = (
        orders::id.eq(order.id),
        orders::customer.eq(order.customer()),
    );
    let row = insert_into(orders::table).values(row);
    row.execute(tx).await?;
    let less = update(item).set(stock::remaining.eq(stock::remaining - 1));
    less.execute(tx).await?;
    Ok(())
}

async fn insert_audit(tx: &mut AsyncPgConnection, order: Order) -> Result<(), Failure> {
    let row = insert_into(audits::table).values(audits::order_id.eq(order.id));
    row.execute(tx).await?;
    order.end_of_audit()
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        Self::database(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::database(error)
    }
}

/// A failure of the body, or of `BEGIN` or `COMMIT` by hand, which `transaction` does not tell apart. A constraint that
/// is violated is found by `COMMIT`, and of anything else nobody knows whether it was in the way of `COMMIT`.
struct AtEnd(Failure);

impl From<Error> for AtEnd {
    fn from(error: Error) -> Self {
        Self(match error {
            Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
                Failure::Commit(error.into())
            }
            _ => Failure::Unanswered(error.into()),
        })
    }
}
