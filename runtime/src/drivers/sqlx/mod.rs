//! `sqlx`: pools, pooled and plain connections, and transactions of PostgreSQL, MySQL and SQLite.
//!
//! | source | the body sees |
//! | --- | --- |
//! | `&Pool<DB>`, `Pool<DB>` | `&mut DB::Connection` (`&mut PgConnection`, …) |
//! | `PoolConnection<DB>` | `&mut DB::Connection` |
//! | `Owned(guard)`, where the guard leads to a connection or to a `PoolConnection<DB>` | `&mut DB::Connection` |
//! | `&mut PoolConnection<DB>` | `&mut PoolConnection<DB>` |
//! | `&mut PgConnection`, `&mut MySqlConnection`, `&mut SqliteConnection` | the same |
//! | `&mut Transaction<'_, DB>` | the same; always a savepoint |
//!
//! A connection that came from a pool is given back before deferred calls run, and a guard in [`Owned`](crate::Owned)
//! is dropped before them.
//!
//! The outermost transaction goes through sqlx's own
//! [`TransactionManager`](sqlx_core::transaction::TransactionManager), so that `conn.begin()` inside a body is a
//! savepoint. Nested blocks are savepoints in plain SQL, because a nested `begin` of sqlx 0.9 that fails rolls back the
//! *outer* transaction.
//!
//! # What cannot be kept
//!
//! Calls deferred inside a transaction that the body begins with sqlx itself are refused, as nobody would tell when it
//! ends.
//!
//! A future dropped while `BEGIN` is in flight leaves a connection that may have an open transaction, and on
//! MySQL one that was dropped in the middle of a statement leaves a connection that is out of step
//! (<https://github.com/launchbadge/sqlx/issues/563>). One that came from a pool is closed; a plain
//! `PgConnection` or `MySqlConnection`, borrowed or behind a guard, cannot be closed by whoever does not have it, so
//! its owner has to drop it after a cancellation. Likewise, a nested block that is cancelled inside a `Transaction`
//! opened by hand leaves its writes in that transaction.
//!
//! On PostgreSQL, a `COPY` that the body begins and does not finish leaves a connection that is out of step as well:
//! what is answered belongs to another statement. One that came from a pool is closed, and its block rolled back; whoever
//! lends another one is told that the outcome is unknown, and has to drop it.
//!
//! On PostgreSQL and SQLite, a body that ends the transaction and begins another one in plain SQL (`ROLLBACK AND CHAIN`
//! does both) has that one committed in its place, and its deferred calls run. On MySQL that is an error.
//!
//! On MySQL, a transaction that the last user of a pooled connection has begun in plain SQL and left open is
//! committed by the next `START TRANSACTION`, as the database does it.

mod backend;
mod error;
mod hold;
#[cfg(feature = "sqlx-mysql")]
mod mysql;
#[cfg(feature = "sqlx-postgres")]
mod postgres;
#[cfg(feature = "sqlx-postgres")]
mod postgres_commit;
mod sources;
#[cfg(feature = "sqlx-sqlite")]
mod sqlite;
mod steps;
mod transaction;
#[cfg(feature = "sqlx-postgres")]
mod transaction_id;

pub use self::backend::{Backend, Fate, Later};
pub use self::hold::{HasConnection, Hold, Ownership, Pooled};
pub use self::transaction::SqlxTransaction;

/// Marks the sources of sqlx.
#[derive(Debug)]
pub enum Sqlx {}
