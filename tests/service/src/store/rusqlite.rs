//! On a pool of r2d2 with connections of rusqlite to a file. The work runs on a thread for what blocks, which nobody
//! interrupts: a client that hangs up changes nothing.

use commit_on_success::{commit_on_success, defer};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, TransactionBehavior};

use super::failure::unless_refused;
use super::{Annotated, ByHand, CONNECTIONS, Check, Failure, PATIENCE, Sessions, Shop, Store};
use crate::effects::Effects;
use crate::ledger::Sqlite;
use crate::order::{Audit, Order};

/// A pool of r2d2.
pub type Pool = r2d2::Pool<SqliteConnectionManager>;

/// A pool of its own for a way.
#[must_use]
pub fn pool(place: &Sqlite, sessions: Sessions) -> Pool {
    let manager = SqliteConnectionManager::file(place.file()).with_init(move |connection| {
        connection.busy_timeout(PATIENCE)?;
        connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL")?;
        sessions.begun();
        Ok(())
    });
    let pool = Pool::builder()
        .max_size(CONNECTIONS.into())
        .connection_timeout(PATIENCE);
    pool.build_unchecked(manager)
}

impl Store for Annotated<Pool> {
    async fn place(&self, order: Order) -> Result<(), Failure> {
        let shop = self.0.clone();
        on_a_thread(move || place(&shop, order)).await
    }
}

#[commit_on_success(tx = shop.pool.get()?, mode = immediate)]
fn place(shop: &Shop<Pool>, order: Order) -> Result<(), Failure> {
    insert(tx, order)?;
    unless_refused(audit(tx, order, shop.effects.clone()))?;
    defer!(shop.effects.clone().placed(order.id));
    order.end_of_body()
}

#[commit_on_success]
fn audit(tx: &mut Connection, order: Order, effects: Effects) -> Result<(), Failure> {
    defer!(effects.audited(order.id));
    insert_audit(tx, order)
}

impl Store for ByHand<Pool> {
    async fn place(&self, order: Order) -> Result<(), Failure> {
        let Self(shop, check) = self.clone();
        on_a_thread(move || place_by_hand(&shop, order, check)).await
    }
}

fn place_by_hand(shop: &Shop<Pool>, order: Order, check: Check) -> Result<(), Failure> {
    let mut connection = shop.pool.get()?;
    let mut tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    insert(&tx, order)?;
    let audit = audit_by_hand(&mut tx, order)?;
    order.end_of_body()?;
    if check == Check::Transaction && tx.is_autocommit() {
        return Err(Failure::database("the transaction has ended"));
    }
    tx.commit()
        .map_err(|refusal| Failure::Commit(refusal.into()))?;
    drop(connection);
    shop.effects.placed(order.id);
    if audit == Audit::Kept {
        shop.effects.audited(order.id);
    }
    Ok(())
}

fn audit_by_hand(tx: &mut rusqlite::Transaction<'_>, order: Order) -> Result<Audit, Failure> {
    let savepoint = tx.savepoint()?;
    let audit = unless_refused(insert_audit(&savepoint, order))?;
    match audit {
        Audit::Kept => savepoint.commit()?,
        // Rolls back.
        Audit::Fails => savepoint.finish()?,
    }
    Ok(audit)
}

fn insert(tx: &Connection, order: Order) -> Result<(), Failure> {
    let sql = "UPDATE stock SET remaining = remaining - 1 WHERE item = ?1";
    tx.prepare_cached(sql)?.execute([order.item])?;
    let mut row = tx.prepare_cached("INSERT INTO orders VALUES (?1, ?2)")?;
    row.execute((order.id, order.customer()))?;
    Ok(())
}

fn insert_audit(tx: &Connection, order: Order) -> Result<(), Failure> {
    let mut row = tx.prepare_cached("INSERT INTO audits VALUES (?1)")?;
    row.execute([order.id])?;
    order.end_of_audit()
}

async fn on_a_thread(
    work: impl FnOnce() -> Result<(), Failure> + Send + 'static,
) -> Result<(), Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(placed) => placed,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::database(error)
    }
}

impl From<r2d2::Error> for Failure {
    fn from(error: r2d2::Error) -> Self {
        Self::database(error)
    }
}
