//! The transaction of a test on an async driver.

use super::{no_begin, not_rolled_back, report};
use crate::error::{BoxError, Error};
use crate::options::Options;
use crate::test_transaction::{self, MARK, Registration};
use crate::transaction::{
    Abandoned, AsyncBegin, AsyncTransaction, RollbackError, TransactionStatus,
};

/// A transaction that is always rolled back, for a test on an async driver; see
/// [`TestTransaction`](super::TestTransaction).
///
/// An annotated function whose future is dropped is undone when the next one begins, or by
/// [`settle`](Self::settle): a drop cannot wait for the database.
///
/// On `tokio-postgres`, the end of the test does not tell that the code under test has begun another transaction in
/// place of the test's.
///
/// # Panics
///
/// Dropping it abandons the transaction, as a dropped future does, and panics when it is known that the transaction
/// was not there any more: the driver says so, or a function was refused because of it. A drop cannot ask the
/// database, so a test that wants to be sure calls [`rollback`](Self::rollback). While the thread unwinds,
/// [observers](crate::Observer::rollback_failed) are told instead.
///
/// ```
/// # #[cfg(feature = "sqlx-sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use commit_on_success::commit_on_success;
/// use commit_on_success::testing::AsyncTestTransaction;
/// use sqlx::{SqliteConnection, SqlitePool};
///
/// #[commit_on_success]
/// async fn fill(conn: &mut SqliteConnection) -> sqlx::Result<()> {
///     sqlx::query("CREATE TABLE object (id)").execute(conn).await.map(drop)
/// }
///
/// let pool = SqlitePool::connect("sqlite::memory:").await?;
/// let mut test = AsyncTestTransaction::begin(&pool).await?;
/// fill(test.connection()).await?;
/// test.rollback().await?;
/// assert!(sqlx::query("SELECT * FROM object").execute(&pool).await.is_err());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlx-sqlite"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct AsyncTestTransaction<T: AsyncTransaction> {
    /// The place in which its connection stays when the test's value is moved.
    transaction: Box<T>,
    registration: Registration,
    abandoned: Option<Abandoned>,
    marked: bool,
}

impl<T: AsyncTransaction> AsyncTestTransaction<T> {
    /// Begins a transaction on a connection of the source.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Begin`](crate::ErrorKind::Begin), when no connection is to be had or it is in a transaction already.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it leaves no transaction to the next user of a pooled connection.
    pub async fn begin<S, D>(source: S) -> Result<Self, Error>
    where
        S: AsyncBegin<D, Transaction = T>,
    {
        let transaction = source.acquire_session().await.map_err(no_begin)?;
        let mut test = Self {
            transaction: Box::new(transaction),
            registration: Registration::new(),
            abandoned: Some(Abandoned::Interrupted),
            marked: false,
        };
        test.open().await.map_err(no_begin)?;
        test.abandoned = Some(Abandoned::Open);
        // A handle lends its connection to whoever uses it.
        test.connection();
        Ok(test)
    }

    async fn open(&mut self) -> Result<(), BoxError> {
        self.transaction.begin(&Options::new()).await?;
        // A driver that keeps no track of its connection may only know what it has opened last, and that has to be
        // the transaction when it is abandoned.
        if self.transaction.status() != TransactionStatus::Untracked {
            self.transaction.savepoint(&MARK).await?;
            self.marked = true;
        }
        Ok(())
    }

    /// Lends what an annotated function is to be given.
    pub fn connection(&mut self) -> T::Handle<'_> {
        self.registration
            .set_connection(self.transaction.connection_id());
        self.transaction.handle()
    }

    /// Undoes what a function has done whose future was dropped, if there is such.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rollback`](crate::ErrorKind::Rollback).
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it leaves the function to be undone by the next one, which is refused if it already was.
    pub async fn settle(&mut self) -> Result<(), Error> {
        self.registration
            .set_connection(self.transaction.connection_id());
        let undone = test_transaction::undo_abandoned(&mut *self.transaction).await;
        self.connection();
        undone.map_err(|source| not_rolled_back(RollbackError::Failed(source)))
    }

    /// Rolls everything back.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Ended`](crate::ErrorKind::Ended) when the transaction is not there any more, [`ErrorKind::Rollback`](crate::ErrorKind::Rollback) when the driver fails.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it leaves no transaction to the next user of a pooled connection.
    pub async fn rollback(mut self) -> Result<(), Error> {
        self.abandoned = Some(Abandoned::Interrupted);
        let marked = !self.marked || self.transaction.rollback_to(&MARK).await.is_ok();
        self.transaction.rollback().await.map_err(not_rolled_back)?;
        self.abandoned = None;
        if marked {
            Ok(())
        } else {
            Err(not_rolled_back(RollbackError::Ended))
        }
    }

    /// Whether the transaction is known to be gone although nobody has ended it here.
    fn has_ended(&mut self) -> bool {
        self.registration.has_ended() || self.transaction.status() == TransactionStatus::Idle
    }
}

impl<T: AsyncTransaction> Drop for AsyncTestTransaction<T> {
    fn drop(&mut self) {
        let Some(abandoned) = self.abandoned else {
            return;
        };
        let ended = abandoned == Abandoned::Open && self.has_ended();
        self.transaction.abandon(abandoned);
        if ended {
            report(Err(RollbackError::Ended));
        }
    }
}
