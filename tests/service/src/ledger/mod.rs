//! The tables of one way, and who is busy with them.

mod postgres;
mod sqlite;

pub use self::postgres::Postgres;
pub(crate) use self::postgres::prefix;
pub use self::sqlite::Sqlite;

use std::collections::HashSet;

use anyhow::Result;

use crate::order::ITEMS;

/// The amount of each item.
const STOCK: i64 = 1_000_000_000;

/// The place of the tables of one way.
#[derive(Debug)]
pub enum Ledger {
    /// A schema of PostgreSQL.
    Postgres(Postgres),
    /// A file of SQLite.
    Sqlite(Sqlite),
}

/// The content of the tables.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// The orders.
    pub orders: HashSet<i64>,
    /// The rows of the nested blocks.
    pub audits: HashSet<i64>,
    /// The pieces that are missing from the stock.
    pub sold: i64,
}

/// The state of the sessions of one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Sessions with a transaction open, and nothing to do.
    pub idle_in_transaction: i64,
    /// Sessions that are at work.
    pub busy: i64,
}

impl Ledger {
    /// Reads the tables.
    ///
    /// # Errors
    ///
    /// When the database does not answer for long.
    pub async fn read(&self) -> Result<Books> {
        match self {
            Self::Postgres(place) => place.read().await,
            Self::Sqlite(place) => place.read(),
        }
    }

    /// Looks at the sessions.
    ///
    /// # Errors
    ///
    /// When the database does not answer for long.
    pub async fn activity(&self) -> Result<Activity> {
        match self {
            Self::Postgres(place) => place.activity().await,
            Self::Sqlite(place) => place.activity(),
        }
    }

    /// The sessions that there are, where a server has them.
    ///
    /// # Errors
    ///
    /// When the database does not answer for long.
    pub async fn sessions(&self) -> Result<Option<i64>> {
        match self {
            Self::Postgres(place) => place.sessions().await.map(Some),
            Self::Sqlite(_) => Ok(None),
        }
    }

    /// Empties the tables of orders, and fills the stock.
    ///
    /// # Errors
    ///
    /// When the database does not.
    pub async fn clear(&self) -> Result<()> {
        let orders = "DELETE FROM orders; DELETE FROM audits";
        let sql = format!("{orders}; UPDATE stock SET remaining = {STOCK}");
        match self {
            Self::Postgres(place) => place.execute(&sql).await,
            Self::Sqlite(place) => place.execute(&sql),
        }
    }

    /// Removes the tables.
    ///
    /// # Errors
    ///
    /// When the database does not.
    pub async fn remove(self) -> Result<()> {
        match self {
            Self::Postgres(place) => place.remove().await,
            Self::Sqlite(_) => Ok(()),
        }
    }
}

impl Books {
    fn new(orders: Vec<i64>, audits: Vec<i64>, remaining: i64) -> Self {
        Self {
            orders: orders.into_iter().collect(),
            audits: audits.into_iter().collect(),
            sold: i64::from(ITEMS) * STOCK - remaining,
        }
    }
}

/// The tables, in the SQL of both databases.
fn tables() -> String {
    let stock: Vec<_> = (1..=ITEMS)
        .map(|item| format!("({item}, {STOCK})"))
        .collect();
    format!(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY);
         CREATE TABLE orders (
             id BIGINT PRIMARY KEY,
             customer INTEGER NOT NULL REFERENCES customers DEFERRABLE INITIALLY DEFERRED
         );
         CREATE TABLE audits (order_id BIGINT PRIMARY KEY);
         CREATE TABLE stock (item INTEGER PRIMARY KEY, remaining BIGINT NOT NULL);
         INSERT INTO customers VALUES (1);
         INSERT INTO stock VALUES {}",
        stock.join(", ")
    )
}
