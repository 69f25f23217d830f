//! On a pool of sqlx with PostgreSQL.

use std::str::FromStr as _;

use commit_on_success::{commit_on_success, defer};
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgPoolOptions, PgSeverity};
use sqlx::{Acquire as _, PgConnection, PgPool};

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
pub fn pool(place: &Postgres, sessions: Sessions) -> anyhow::Result<PgPool> {
    let options = PgConnectOptions::from_str(place.url())?
        .application_name(place.name())
        .options([("search_path", place.name())]);
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS.into())
        .acquire_timeout(PATIENCE)
        .after_connect(move |_, _| {
            sessions.begun();
            Box::pin(std::future::ready(Ok(())))
        });
    Ok(pool.connect_lazy_with(options))
}

impl Store for Annotated<PgPool> {
    async fn place(&self, order: Order) -> Result<(), Failure> {
        place(&self.0, order).await
    }
}

#[commit_on_success(tx = &shop.pool)]
async fn place(shop: &Shop<PgPool>, order: Order) -> Result<(), Failure> {
    insert(tx, order).await?;
    unless_refused(audit(tx, order, shop.effects.clone()).await)?;
    defer!(shop.effects.clone().placed(order.id));
    order.end_of_body()
}

#[commit_on_success]
async fn audit(tx: &mut PgConnection, order: Order, effects: Effects) -> Result<(), Failure> {
    defer!(effects.audited_later(order.id).await);
    insert_audit(tx, order).await
}

impl Store for ByHand<PgPool> {
    async fn place(&self, order: Order) -> Result<(), Failure> {
        let Self(shop, check) = self;
        let mut tx = shop.pool.begin().await?;
        insert(&mut tx, order).await?;
        let audit = audit_by_hand(&mut tx, order).await?;
        order.end_of_body()?;
        if *check == Check::Transaction {
            sqlx::query("SELECT 1").execute(&mut *tx).await?;
        }
        tx.commit().await.map_err(at_commit)?;
        shop.call(order.id, audit).await;
        Ok(())
    }
}

async fn audit_by_hand(tx: &mut PgConnection, order: Order) -> Result<Audit, Failure> {
    let mut savepoint = tx.begin().await?;
    let audit = unless_refused(insert_audit(&mut savepoint, order).await)?;
    match audit {
        Audit::Kept => savepoint.commit().await?,
        Audit::Fails => savepoint.rollback().await?,
    }
    Ok(audit)
}

async fn insert(tx: &mut PgConnection, order: Order) -> Result<(), Failure> {
    let stock = sqlx::query_scalar("SELECT remaining FROM stock WHERE item = $1 FOR UPDATE");
    unless_sold_out(stock.bind(order.item).fetch_one(&mut *tx).await?)?;
    let row = sqlx::query("INSERT INTO orders VALUES ($1, $2)");
    row.bind(order.id)
        .bind(order.customer())
        .execute(&mut *tx)
        .await?;
    let stock = sqlx::query("UPDATE stock SET remaining = remaining - 1 WHERE item = $1");
    stock.bind(order.item).execute(tx).await?;
    Ok(())
}

async fn insert_audit(tx: &mut PgConnection, order: Order) -> Result<(), Failure> {
    let row = sqlx::query("INSERT INTO audits VALUES ($1)");
    row.bind(order.id).execute(tx).await?;
    order.end_of_audit()
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::database(error)
    }
}

fn at_commit(error: sqlx::Error) -> Failure {
    match error.as_database_error() {
        Some(answer) if is_refusal(answer) => Failure::Commit(error.into()),
        _ => Failure::Unanswered(error.into()),
    }
}

/// A refusal has the severity of an error; what ends the session says nothing of the transaction.
pub(super) fn is_refusal(answer: &dyn DatabaseError) -> bool {
    let answer = answer.try_downcast_ref::<PgDatabaseError>();
    answer.is_some_and(|answer| answer.severity() == PgSeverity::Error)
}
