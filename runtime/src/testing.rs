//! Test support: transactions that are never kept, and deferred calls that are caught.
//!
//! A test of a whole server begins with its [handle](crate::Handle): whatever any task does by that handle, or by a clone of it, is in the
//! test's transaction until that is dropped, requests side by side, deferred calls included, and nothing of it is kept.
//!
//! ```
//! # #[cfg(all(feature = "ambient", feature = "sqlx-sqlite"))]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use commit_on_success::sqlx::Db;
//! use commit_on_success::testing::AsyncTestTransaction;
//! use commit_on_success::{commit_on_success, defer};
//! use sqlx::{Sqlite, SqlitePool, query, query_scalar};
//!
//! /// A handler of the server.
//! #[commit_on_success(tx = &db)]
//! async fn order(db: Db<Sqlite>, item: &'static str) -> sqlx::Result<()> {
//!     query("INSERT INTO orders VALUES (?)").bind(item).execute(&db).await?;
//!     defer!(println!("{item} is on its way"));
//!     Ok(())
//! }
//!
//! let db = Db::new(SqlitePool::connect("sqlite::memory:").await?);
//! query("CREATE TABLE orders (item TEXT)").execute(&db).await?;
//!
//! let test = AsyncTestTransaction::begin(&db).await?;
//! let requests = ["tea", "cake"].map(|item| tokio::spawn(order(db.clone(), item)));
//! for request in requests {
//!     request.await??; // prints
//! }
//! let count = || query_scalar::<_, i64>("SELECT count(*) FROM orders").fetch_one(&db);
//! assert_eq!(count().await?, 2);
//! test.rollback().await?;
//! assert_eq!(count().await?, 0);
//! # Ok(())
//! # }
//! # #[cfg(not(all(feature = "ambient", feature = "sqlx-sqlite")))]
//! # fn main() {}
//! ```
//!
//! A statement that is in no block is a savepoint of its own there, so that one which fails does no harm to the others. Requests wait for each other,
//! as there is one connection.
//!
//! # On a connection
//!
//! In a test that runs inside a transaction, to be rolled back at its end, every annotated function would be
//! nested, and nothing that it defers would ever run. [`TestTransaction`] and [`AsyncTestTransaction`] know
//! better: what runs on their connection behaves as outermost, savepoint or not. And [`capture`] hands the
//! calls to the test instead of running them.
//!
//! ```
//! # #[cfg(feature = "rusqlite")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use commit_on_success::testing::{TestTransaction, capture};
//! use commit_on_success::{commit_on_success, defer};
//! use rusqlite::Connection;
//!
//! #[commit_on_success]
//! fn store(conn: &mut Connection, title: &'static str) -> rusqlite::Result<()> {
//!     conn.execute("INSERT INTO object VALUES (?1)", [title])?;
//!     defer!(println!("{title} is stored"));
//!     Ok(())
//! }
//!
//! let mut conn = Connection::open_in_memory()?;
//! conn.execute_batch("CREATE TABLE object (title TEXT)")?;
//!
//! let mut test = TestTransaction::begin(&mut conn)?;
//! store(test.connection(), "The Savepoint")?; // prints
//! let (stored, calls) = capture(|| store(test.connection(), "Two Generals"));
//! stored?;
//! assert_eq!(calls.len(), 1); // and did not print
//! test.rollback()?;
//!
//! let left: i64 = conn.query_row("SELECT count(*) FROM object", [], |row| row.get(0))?;
//! assert_eq!(left, 0);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "rusqlite"))]
//! # fn main() {}
//! ```
//!
//! # What only a real commit does
//!
//! The transaction of a test is never committed, so what a database does at `COMMIT` and at no other time does not
//! happen in it. The driver [checks](crate::Transaction::check) deferred constraints at the end of each function that
//! behaves as outermost. A test of anything else needs transactions of its own, in a database that it may change.
//!
//! On every database:
//!
//! - Other connections see nothing of what was done, and wait for the locks until the end of the test.
//! - An option that only a begin can honour has no effect, and nothing is tried again because of others.
//! - No worker runs what `enqueue!` has stored: `commit_on_success_worker::testing` runs it inside.
//!
//! On PostgreSQL:
//!
//! - A serializable transaction may be refused as late as at its
//!   [commit](https://www.postgresql.org/docs/current/transaction-iso.html#XACT-SERIALIZABLE).
//! - What is sent by [`NOTIFY`](https://www.postgresql.org/docs/current/sql-notify.html) is never delivered.
//! - A commit waits for [synchronous standbys](https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION).
//! - [`now()`](https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-CURRENT) is the
//!   begin of the test, in all of its functions.
//! - A setting of [`SET LOCAL`](https://www.postgresql.org/docs/current/sql-set.html), an open
//!   [cursor](https://www.postgresql.org/docs/current/sql-declare.html) without `WITH HOLD`, and a temporary table
//!   with [`ON COMMIT DROP`](https://www.postgresql.org/docs/current/sql-createtable.html) outlive their function.
//! - [`PREPARE TRANSACTION`](https://www.postgresql.org/docs/current/sql-prepare-transaction.html) takes the
//!   transaction of the test away.
//!
//! On MySQL and MariaDB:
//!
//! - `InnoDB` defers no [constraint](https://dev.mysql.com/doc/refman/8.4/en/create-table-foreign-keys.html), so there is
//!   nothing to check.
//! - A statement that [commits implicitly](https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html), such as
//!   `CREATE TABLE`, ends the transaction of the test.
//! - A commit waits for [semisynchronous replicas](https://dev.mysql.com/doc/refman/8.4/en/replication-semisync.html),
//!   and a member of [Group Replication](https://dev.mysql.com/doc/refman/8.4/en/group-replication-summary.html) or
//!   [Galera](https://mariadb.com/docs/galera-cluster/galera-architecture/certification-based-replication) may refuse
//!   it because of another member's.
//!
//! On SQLite:
//!
//! - A commit may find the file [busy](https://www.sqlite.org/lang_transaction.html), or the disk full.
//! - What [`PRAGMA defer_foreign_keys`](https://www.sqlite.org/pragma.html#pragma_defer_foreign_keys) has deferred
//!   stays deferred for the functions that follow.

mod async_transaction;
mod capture;
mod transaction;

pub use async_transaction::AsyncTestTransaction;
pub use capture::{Captured, capture, capture_async};
pub use transaction::TestTransaction;

pub use crate::test_transaction::TransactionEnded;

use std::thread;

use crate::error::{BoxError, Error, Reason};
use crate::observer::{self, NO_TRANSACTION};
use crate::site::Site;
use crate::transaction::RollbackError;

/// The place that stands in errors for that of an annotated function.
const SITE: Site = Site {
    function: "TestTransaction",
    module: module_path!(),
    file: file!(),
    line: line!(),
    column: 1,
};

fn no_begin(source: BoxError) -> Error {
    Reason::Begin(&SITE, source).into()
}

fn not_rolled_back(failure: RollbackError) -> Error {
    let reason = match failure {
        RollbackError::Ended => Reason::Ended(&SITE),
        RollbackError::Failed(source) | RollbackError::Disconnected(source) => {
            Reason::Rollback(&SITE, source)
        }
    };
    reason.into()
}

/// Tells of the end of a transaction that was dropped, of which no caller hears.
fn report(end: Result<(), RollbackError>) {
    match end {
        Ok(()) => {}
        Err(RollbackError::Failed(error) | RollbackError::Disconnected(error)) => {
            observer::rollback_failed(NO_TRANSACTION, &SITE, &error);
        }
        // A second panic would abort the process.
        Err(RollbackError::Ended) if thread::panicking() => {
            observer::rollback_failed(NO_TRANSACTION, &SITE, &TransactionEnded.into());
        }
        Err(RollbackError::Ended) => panic!("{TransactionEnded}"),
    }
}
