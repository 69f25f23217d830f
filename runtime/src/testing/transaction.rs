//! The transaction of a test on a sync driver.

use super::{no_begin, not_rolled_back, report};
use crate::error::{BoxError, Error};
use crate::options::Options;
use crate::test_transaction::{MARK, Registration};
use crate::transaction::{Begin, RollbackError, Transaction, TransactionStatus};

/// A transaction that is always rolled back, for a test on a sync driver.
///
/// An annotated function that is given its [`connection`](Self::connection) behaves as the outermost one: at its
/// end what a `COMMIT` would check [is checked](crate::Transaction::check), it is released, as a savepoint, and what
/// it has deferred runs. Options for the begin of a transaction, such as an isolation level, have no effect in it. A
/// function that takes another connection from a pool is not inside it.
///
/// A function that is to run after the code under test has ended the transaction is refused, with
/// [`TransactionEnded`](super::TransactionEnded) as the source of its error, so that it stores nothing. Where that
/// code has begun another transaction instead, functions run in that one, which is rolled back as well, and the end
/// of the test tells.
///
/// # Panics
///
/// Dropping it rolls back as well, and panics when the transaction was not there any more: what the test has done
/// may be stored, and the tests that follow may see it. While the thread unwinds, and where the rollback fails,
/// [observers](crate::Observer::rollback_failed) are told instead. [`rollback`](Self::rollback) returns all of this.
///
/// ```
/// # #[cfg(feature = "rusqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::commit_on_success;
/// use commit_on_success::testing::TestTransaction;
/// use rusqlite::Connection;
///
/// #[commit_on_success]
/// fn fill(conn: &mut Connection) -> rusqlite::Result<()> {
///     conn.execute_batch("CREATE TABLE object (id); INSERT INTO object VALUES (1)")
/// }
///
/// let mut conn = Connection::open_in_memory()?;
/// let mut test = TestTransaction::begin(&mut conn)?;
/// fill(test.connection())?;
/// test.rollback()?;
/// assert!(!conn.table_exists(None, "object")?);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rusqlite"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct TestTransaction<T: Transaction> {
    /// The place in which its connection stays when the test's value is moved.
    transaction: Box<T>,
    registration: Registration,
    open: bool,
}

impl<T: Transaction> TestTransaction<T> {
    /// Begins a transaction on a connection of the source.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Begin`](crate::ErrorKind::Begin), when no connection is to be had or it is in a transaction already.
    pub fn begin<S, D>(source: S) -> Result<Self, Error>
    where
        S: Begin<D, Transaction = T>,
    {
        let transaction = source.acquire_session().map_err(no_begin)?;
        let mut test = Self {
            transaction: Box::new(transaction),
            registration: Registration::new(),
            open: false,
        };
        if let Err(error) = test.open() {
            test.close();
            return Err(no_begin(error));
        }
        test.open = true;
        let connection = test.transaction.connection_id();
        test.registration.set_connection(connection);
        Ok(test)
    }

    fn open(&mut self) -> Result<(), BoxError> {
        self.transaction.begin(&Options::new())?;
        self.transaction.savepoint(&MARK)
    }

    /// Ends what was begun by halves.
    fn close(&mut self) {
        if self.transaction.status() == TransactionStatus::Open {
            let _ = self.transaction.rollback();
        }
        self.transaction.discard();
    }

    /// Lends what an annotated function is to be given.
    pub fn connection(&mut self) -> T::Handle<'_> {
        self.registration
            .set_connection(self.transaction.connection_id());
        self.transaction.handle()
    }

    /// Rolls everything back.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Ended`](crate::ErrorKind::Ended) when the transaction is not there any more, [`ErrorKind::Rollback`](crate::ErrorKind::Rollback) when the driver fails.
    pub fn rollback(mut self) -> Result<(), Error> {
        self.open = false;
        self.end().map_err(not_rolled_back)
    }

    fn end(&mut self) -> Result<(), RollbackError> {
        let marked = self.transaction.rollback_to(&MARK);
        let rolled_back = self.transaction.rollback();
        if matches!(rolled_back, Err(RollbackError::Failed(_))) {
            self.transaction.discard();
        }
        rolled_back.and(marked.map_err(|_| RollbackError::Ended))
    }
}

impl<T: Transaction> Drop for TestTransaction<T> {
    fn drop(&mut self) {
        if self.open {
            report(self.end());
        }
    }
}
