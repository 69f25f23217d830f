//! On a pool of deadpool-postgres.

use commit_on_success::{commit_on_success, defer};
use deadpool_postgres::{
    Client, GenericClient, Hook, Manager, Pool, PoolError, Runtime, Transaction,
};
use tokio_postgres::error::Severity;
use tokio_postgres::{Config, NoTls};

use super::failure::{unless_refused, unless_sold_out};
use super::{Annotated, ByHand, CONNECTIONS, Check, Failure, PATIENCE, Sessions, Shop, Store};
use crate::effects::Effects;
use crate::ledger::Postgres;
use crate::order::{Audit, Order};

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
    let counted = Hook::sync_fn(move |_, _| {
        sessions.begun();
        Ok(())
    });
    let pool = Pool::builder(Manager::new(config, NoTls))
        .max_size(CONNECTIONS.into())
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(PATIENCE))
        .create_timeout(Some(PATIENCE))
        .post_create(counted);
    Ok(pool.build()?)
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
async fn audit(tx: &mut Client, order: Order, effects: Effects) -> Result<(), Failure> {
    defer!(effects.audited_later(order.id).await);
    insert_audit(tx, order).await
}

impl Store for ByHand<Pool> {
    async fn place(&self, order: Order) -> Result<(), Failure> {
        let Self(shop, check) = self;
        let mut client = shop.pool.get().await?;
        let mut tx = client.transaction().await?;
        insert(&tx, order).await?;
        let audit = audit_by_hand(&mut tx, order).await?;
        order.end_of_body()?;
        if *check == Check::Transaction {
            tx.batch_execute("SELECT 1").await?;
        }
        tx.commit().await.map_err(at_commit)?;
        drop(client);
        shop.call(order.id, audit).await;
        Ok(())
    }
}

async fn audit_by_hand(tx: &mut Transaction<'_>, order: Order) -> Result<Audit, Failure> {
    let savepoint = tx.transaction().await?;
    let audit = unless_refused(insert_audit(&savepoint, order).await)?;
    match audit {
        Audit::Kept => savepoint.commit().await?,
        Audit::Fails => savepoint.rollback().await?,
    }
    Ok(audit)
}

async fn insert(tx: &impl GenericClient, order: Order) -> Result<(), Failure> {
    let sql = "SELECT remaining FROM stock WHERE item = $1 FOR UPDATE";
    let lock = tx.prepare_cached(sql).await?;
    let stock = tx.query_one(&lock, &[&order.item]).await?;
    unless_sold_out(stock.try_get(0)?)?;
    let sql = "INSERT INTO orders VALUES ($1, $2)";
    let row = tx.prepare_cached(sql).await?;
    tx.execute(&row, &[&order.id, &order.customer()]).await?;
    let sql = "UPDATE stock SET remaining = remaining - 1 WHERE item = $1";
    let stock = tx.prepare_cached(sql).await?;
    tx.execute(&stock, &[&order.item]).await?;
    Ok(())
}

async fn insert_audit(tx: &impl GenericClient, order: Order) -> Result<(), Failure> {
    let row = tx.prepare_cached("INSERT INTO audits VALUES ($1)").await?;
    tx.execute(&row, &[&order.id]).await?;
    order.end_of_audit()
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        Self::database(error)
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::database(error)
    }
}

/// A refusal has the severity of an error; what ends the session says nothing of the transaction.
fn at_commit(error: tokio_postgres::Error) -> Failure {
    let answer = error.as_db_error();
    match answer.and_then(tokio_postgres::error::DbError::parsed_severity) {
        Some(Severity::Error) => Failure::Commit(error.into()),
        _ => Failure::Unanswered(error.into()),
    }
}
