//! With sea-orm, on a pool of sqlx with PostgreSQL.

use commit_on_success::{commit_on_success, defer};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr,
    SqlxPostgresConnector, Statement, TransactionTrait as _, Value,
};

use super::failure::{unless_refused, unless_sold_out};
use super::{Annotated, ByHand, Check, Failure, Sessions, Shop, Store, sqlx};
use crate::effects::Effects;
use crate::ledger::Postgres;
use crate::order::{Audit, Order};

/// A pool of its own for a way.
///
/// # Errors
///
/// When the URL is none.
pub fn pool(place: &Postgres, sessions: Sessions) -> anyhow::Result<DatabaseConnection> {
    let pool = sqlx::pool(place, sessions)?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

impl Store for Annotated<DatabaseConnection> {
    async fn place(&self, order: Order) -> Result<(), Failure> {
        place(&self.0, order).await
    }
}

#[commit_on_success(tx = &shop.pool)]
async fn place(shop: &Shop<DatabaseConnection>, order: Order) -> Result<(), Failure> {
    insert(tx, order).await?;
    unless_refused(audit(tx, order, shop.effects.clone()).await)?;
    defer!(shop.effects.clone().placed(order.id));
    order.end_of_body()
}

#[commit_on_success]
async fn audit(tx: &DatabaseTransaction, order: Order, effects: Effects) -> Result<(), Failure> {
    defer!(effects.audited_later(order.id).await);
    insert_audit(tx, order).await
}

impl Store for ByHand<DatabaseConnection> {
    async fn place(&self, order: Order) -> Result<(), Failure> {
        let Self(shop, check) = self;
        let tx = shop.pool.begin().await?;
        insert(&tx, order).await?;
        let audit = audit_by_hand(&tx, order).await?;
        order.end_of_body()?;
        if *check == Check::Transaction {
            tx.execute_unprepared("SELECT 1").await?;
        }
        tx.commit().await.map_err(at_commit)?;
        shop.call(order.id, audit).await;
        Ok(())
    }
}

async fn audit_by_hand(tx: &DatabaseTransaction, order: Order) -> Result<Audit, Failure> {
    let savepoint = tx.begin().await?;
    let audit = unless_refused(insert_audit(&savepoint, order).await)?;
    match audit {
        Audit::Kept => savepoint.commit().await?,
        Audit::Fails => savepoint.rollback().await?,
    }
    Ok(audit)
}

async fn insert(tx: &DatabaseTransaction, order: Order) -> Result<(), Failure> {
    let sql = "SELECT remaining FROM stock WHERE item = $1 FOR UPDATE";
    let stock = tx.query_one_raw(statement(tx, sql, [order.item.into()]));
    let row = stock.await?.ok_or(Failure::Refused)?;
    unless_sold_out(row.try_get_by_index(0)?)?;
    let sql = "INSERT INTO orders VALUES ($1, $2)";
    let values = [order.id.into(), order.customer().into()];
    tx.execute_raw(statement(tx, sql, values)).await?;
    let sql = "UPDATE stock SET remaining = remaining - 1 WHERE item = $1";
    tx.execute_raw(statement(tx, sql, [order.item.into()]))
        .await?;
    Ok(())
}

async fn insert_audit(tx: &DatabaseTransaction, order: Order) -> Result<(), Failure> {
    let sql = "INSERT INTO audits VALUES ($1)";
    tx.execute_raw(statement(tx, sql, [order.id.into()]))
        .await?;
    order.end_of_audit()
}

fn statement<const N: usize>(tx: &DatabaseTransaction, sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(tx.get_database_backend(), sql, values)
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::database(error)
    }
}

fn at_commit(error: DbErr) -> Failure {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => match &*error {
            ::sqlx::Error::Database(answer) if sqlx::is_refusal(&**answer) => {
                Failure::Commit(error.into())
            }
            _ => Failure::Unanswered(error.into()),
        },
        error => Failure::Unanswered(error.into()),
    }
}
