//! A function is a transaction, and what must happen only if it commits is said inside it.
//!
//! ```
//! # #[cfg(feature = "rusqlite")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use commit_on_success::{commit_on_success, defer};
//! use rusqlite::Connection;
//!
//! #[commit_on_success] // `conn` is the open transaction inside the body
//! fn rename(conn: &mut Connection, id: i64, title: String) -> rusqlite::Result<()> {
//!     conn.execute("UPDATE object SET title = ?1 WHERE id = ?2", (&title, id))?;
//!     audit(conn, id)?; // a savepoint
//!     defer!(index(id, title)); // arguments move in now, the call runs after COMMIT
//!     Ok(()) // `Ok` commits; `Err`, `?` and a panic roll back
//! }
//!
//! #[commit_on_success]
//! fn audit(conn: &mut Connection, id: i64) -> rusqlite::Result<()> {
//!     conn.execute("INSERT INTO audit VALUES (?1)", [id])?;
//!     Ok(())
//! }
//!
//! fn index(id: i64, title: String) {
//!     println!("{id} is {title} now");
//! }
//!
//! # let mut conn = Connection::open_in_memory()?;
//! # conn.execute_batch("CREATE TABLE object (id, title); CREATE TABLE audit (id)")?;
//! rename(&mut conn, 1, String::from("Two Generals"))?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "rusqlite"))]
//! # fn main() {}
//! ```
//!
//! | to | see |
//! | --- | --- |
//! | make a function or a block a transaction | [`commit_on_success`](macro@commit_on_success), [`transaction!`] |
//! | do something before it commits, in it | [`before_commit!`] |
//! | do something once it has committed | [`defer!`], [`try_defer!`], [`signals::post_commit`] |
//! | do something once it has rolled back | [`signals::post_rollback`] |
//! | find a database, and what it cannot keep | [`drivers`] |
//! | write code that takes no transaction, and is in it | `Handle` (feature `ambient`) |
//! | use a database that is not among them | [`drivers::adapter`] |
//! | defer, or roll back, on another thread | [`current`], [`TransactionHandle`] |
//! | know what an error says of the data | [`Error::outcome`] |
//! | keep something out of transactions | [`outside_transaction!`] |
//! | test code that defers | `testing` (feature `testing`) |
//! | watch all transactions of a process | [`Observer`], feature `tracing` |
//!
//! What is promised, and the tests that stand for it on each driver and database, is in the
//! [README](https://crates.io/crates/commit_on_success).
#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;
#[cfg(feature = "ambient")]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "each driver has its own part of it"
)]
mod ambient;
mod at_once;
mod attempts;
mod configured;
mod context;
pub mod drivers;
mod error;
mod event;
mod executor;
mod forbidden;
mod handle;
mod handler_outcome;
#[cfg(feature = "jobs")]
pub mod jobs;
mod key;
mod observer;
mod options;
pub mod outside;
mod pool_id;
mod queue;
mod run;
mod savepoint;
mod scope;
mod settings;
pub mod signals;
mod site;
mod test_transaction;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;

#[doc = include_str!("../docs/before_commit.md")]
pub use commit_on_success_macros::before_commit;
#[doc = include_str!("../docs/commit_on_success.md")]
#[doc = include_str!("../docs/options/propagation.md")]
#[doc = include_str!("../docs/options/isolation.md")]
#[doc = include_str!("../docs/options/set.md")]
#[doc = include_str!("../docs/options/pragma.md")]
#[doc = include_str!("../docs/options/settle.md")]
#[doc = include_str!("../docs/options/attempts.md")]
pub use commit_on_success_macros::commit_on_success;
#[doc = include_str!("../docs/defer.md")]
pub use commit_on_success_macros::defer;
#[doc = include_str!("../docs/transaction.md")]
pub use commit_on_success_macros::transaction;
#[doc = include_str!("../docs/try_defer.md")]
pub use commit_on_success_macros::try_defer;

#[cfg(feature = "ambient")]
pub use crate::ambient::{Handle, Lease};
pub use crate::attempts::Backoff;
#[cfg(all(feature = "ambient", feature = "diesel-r2d2"))]
#[doc(no_inline)]
pub use crate::drivers::diesel;
#[cfg(all(feature = "ambient", feature = "rusqlite"))]
#[doc(no_inline)]
pub use crate::drivers::rusqlite;
#[cfg(all(
    feature = "ambient",
    any(
        feature = "sqlx-mysql",
        feature = "sqlx-postgres",
        feature = "sqlx-sqlite"
    )
))]
#[doc(no_inline)]
pub use crate::drivers::sqlx;
pub use crate::error::{
    BoxError, Error, ErrorKind, FailureKind, HandlerFailure, Outcome, RollbackOnly,
};
pub use crate::handle::{TransactionHandle, current};
pub use crate::handler_outcome::HandlerOutcome;
#[doc(no_inline)]
pub use crate::observer::Event;
pub use crate::observer::{Observer, add_observer, events};
pub use crate::options::{Isolation, Mode, Options, Propagation, Unsupported};
pub use crate::settings::{Setting, Settings};
pub use crate::site::Site;
pub use crate::transaction::{
    Abandoned, AsyncBegin, AsyncTransaction, Begin, CommitError, ConnectionId, Keeper, Owned,
    RollbackError, Savepoint, Session, Transaction, TransactionStatus,
};

/// Whether the running code is inside a transaction: in the body of an annotated function or of
/// [`transaction!`], or in something that it calls.
///
/// A deferred call runs after the commit, outside of any transaction. A task or a thread that the
/// body spawns is outside as well, unless it has entered a [`TransactionHandle`]. Opens no connection.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::{commit_on_success, in_transaction};
///
/// fn price(conn: &rusqlite::Connection) -> rusqlite::Result<i64> {
///     debug_assert!(in_transaction(), "a price is read together with what depends on it");
///     conn.query_row("SELECT 42", [], |row| row.get(0))
/// }
///
/// #[commit_on_success]
/// fn sell(conn: &mut rusqlite::Connection) -> rusqlite::Result<i64> {
///     price(conn)
/// }
///
/// assert!(!in_transaction());
/// assert_eq!(sell(&mut rusqlite::Connection::open_in_memory()?)?, 42);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
#[must_use]
pub fn in_transaction() -> bool {
    context::innermost().is_some_and(context::OpenBlock::is_live)
}

/// Counts the deferred calls that wait for the commit of the transaction that is open here; zero outside.
///
/// Counts the calls of the innermost block and of the blocks around it on the same connection.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::{commit_on_success, defer, pending};
///
/// #[commit_on_success]
/// fn import(conn: &mut rusqlite::Connection) -> rusqlite::Result<()> {
///     defer!(println!("imported"));
///     assert_eq!(pending(), 1);
///     Ok(())
/// }
///
/// import(&mut rusqlite::Connection::open_in_memory()?)?;
/// assert_eq!(pending(), 0);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
#[must_use]
pub fn pending() -> usize {
    context::pending()
}

/// Makes the innermost open block roll back although its body returns `Ok`.
///
/// The function then returns its `Ok` value, nothing is stored, and what the block has deferred does
/// not run. In a nested block only that block is rolled back.
///
/// # Errors
///
/// [`ErrorKind::NotInTransaction`] when no block is open here.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::{commit_on_success, set_rollback};
/// use rusqlite::Connection;
///
/// /// Says what it would do, and does nothing.
/// #[commit_on_success]
/// fn try_out(conn: &mut Connection) -> Result<usize, Box<dyn std::error::Error>> {
///     let gone = conn.execute("DELETE FROM object", [])?;
///     set_rollback()?;
///     Ok(gone)
/// }
///
/// let mut conn = Connection::open_in_memory()?;
/// conn.execute_batch("CREATE TABLE object (id); INSERT INTO object VALUES (1)")?;
/// assert_eq!(try_out(&mut conn)?, 1);
/// assert_eq!(try_out(&mut conn)?, 1);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
pub fn set_rollback() -> Result<(), Error> {
    let block = context::innermost().ok_or(error::Reason::NotInTransaction)?;
    error::accepted(block.change(context::Pending::request_rollback))
}
