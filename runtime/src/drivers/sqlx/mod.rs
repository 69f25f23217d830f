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
//! # The end of a transaction
//!
//! On a connection that came from a pool, PostgreSQL and MySQL are asked whether there is something to commit in the
//! message that commits, so that a block is as many messages as by hand. sqlx then has to count no transaction, and
//! does so once a `ROLLBACK` is queued, which goes out with the ping that a pool sends when it takes the connection
//! back (`PoolConnection::drop` and `TransactionManager::start_rollback` of sqlx 0.9). What can be seen of it:
//!
//! - On PostgreSQL the message ends with a `BEGIN`, because a `ROLLBACK` outside of a transaction is warned of in the
//!   server's log. Until the ping, which a task sends, the session is in an empty transaction, which has no snapshot
//!   and no lock. A process that ends before that leaves a line about it in the log; `pool.close().await` sees to it.
//! - The server counts a rollback for each commit: `xact_rollback` of `pg_stat_database`, `Com_rollback` of MySQL.
//! - A session that had ended before `COMMIT` was sent is not told from one that ended afterwards: the outcome is
//!   unknown. With the option `settle`, on pools of PostgreSQL, it is not.
//!
//! On every other connection the question is a message of its own, and nothing is queued when the block is over.
//!
//! # What cannot be kept
//!
//! Calls deferred inside a transaction that the body begins with sqlx itself are refused, as nobody would tell when it
//! ends.
//!
//! A future dropped while a step is under way leaves a connection that may have an open transaction, and on
//! MySQL one that was dropped in the middle of a statement leaves a connection that is out of step
//! (<https://github.com/launchbadge/sqlx/issues/563>). One of a pool goes on with a `COMMIT` that was sent, and with its calls, with
//! the feature `tokio`; otherwise it is rolled back and given back on PostgreSQL and SQLite, and closed on MySQL. A plain
//! `PgConnection` or `MySqlConnection`, borrowed or behind a guard, cannot be closed by whoever does not have it, so
//! its owner has to drop it after a cancellation. Likewise, a nested block that is cancelled inside a `Transaction`
//! opened by hand leaves its writes in that transaction.
//!
//! On PostgreSQL, a `COPY` that the body begins and does not finish leaves a connection that is out of step as well:
//! what is answered belongs to another statement. One that came from a pool is closed: a `COPY` to the server that is not
//! finished fails, and its block is rolled back; one from the server, which does no harm, is read to its end. Whoever lends
//! another connection is told that the outcome is unknown, and has to drop it.
//!
//! On PostgreSQL and SQLite, a body that ends the transaction and begins another one in plain SQL (`ROLLBACK AND CHAIN`
//! does both) has that one committed in its place, and its deferred calls run. On MySQL that is an error.
//!
//! On MySQL, a transaction that the last user of a pooled connection has begun in plain SQL and left open is rolled back,
//! and nobody hears of it. On a connection that is borrowed `START TRANSACTION` commits what is open in plain SQL, or was written with
//! `autocommit = 0`, as the database does it (<https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html>): no statement tells
//! without taking away an isolation level that was set for the next transaction. Rows of a table that knows no
//! transactions, such as one of `MyISAM`, stay whatever becomes of the block, and `completion_type` is the session's: with
//! `CHAIN`, a transaction is open after the block on a connection that is borrowed.

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
