//! The drivers, each with a pool of one, and the same transaction on each.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::visit::{Failure, Visit};
use crate::{asynchronous, synchronous};

/// A driver, and its pool.
pub(crate) trait Subject: Send + Sync {
    /// Whether its transaction is a future.
    fn is_async(&self) -> bool;

    /// Runs the transaction, from the first point on.
    fn start(self: Arc<Self>, visit: Visit, runtime: &Handle) -> JoinHandle<Result<(), Failure>>;
}

/// How to open it at a port of 127.0.0.1, inside of a runtime.
pub(crate) type Open = fn(u16) -> Arc<dyn Subject>;

pub(crate) const ON_POSTGRES: &[(&str, Open)] = &[
    ("sqlx-postgres", asynchronous::sqlx_postgres::open),
    (
        "sqlx-postgres, settle",
        asynchronous::sqlx_postgres_settled::open,
    ),
    ("diesel-postgres", synchronous::diesel_postgres::open),
    ("diesel-async-postgres", asynchronous::diesel_postgres::open),
    ("sea-orm-postgres", asynchronous::sea_orm_postgres::open),
    ("tokio-postgres", asynchronous::tokio_postgres::open),
    ("deadpool-postgres", asynchronous::deadpool_postgres::open),
    ("postgres", synchronous::postgres::open),
];

pub(crate) const ON_MARIADB: &[(&str, Open)] = &[
    ("sqlx-mysql", asynchronous::sqlx_mysql::open),
    ("diesel-mysql", synchronous::diesel_mysql::open),
    ("diesel-async-mysql", asynchronous::diesel_mysql::open),
    ("sea-orm-mysql", asynchronous::sea_orm_mysql::open),
];
