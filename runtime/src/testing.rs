//! Test support: transactions that are never kept, and deferred calls that are caught.
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

mod capture;
mod later;
mod transaction;

pub use capture::{Captured, capture, capture_async};
pub use later::AsyncTestTransaction;
pub use transaction::TestTransaction;

pub use crate::test_transaction::TransactionEnded;

use std::thread;

use crate::error::{BoxError, Error};
use crate::observer;
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
    let function = SITE.function;
    Error::Begin { function, source }
}

fn not_rolled_back(failure: RollbackError) -> Error {
    let function = SITE.function;
    match failure {
        RollbackError::Ended => Error::Ended { function },
        RollbackError::Failed(source) | RollbackError::Disconnected(source) => {
            Error::Rollback { function, source }
        }
    }
}

/// Tells of the end of a transaction that was dropped, of which no caller hears.
fn report(end: Result<(), RollbackError>) {
    match end {
        Ok(()) => {}
        Err(RollbackError::Failed(error) | RollbackError::Disconnected(error)) => {
            observer::rollback_failed(&SITE, &error);
        }
        // A second panic would abort the process.
        Err(RollbackError::Ended) if thread::panicking() => {
            observer::rollback_failed(&SITE, &TransactionEnded.into());
        }
        Err(RollbackError::Ended) => panic!("{TransactionEnded}"),
    }
}
