//! The handle of a pool of r2d2.

use std::fmt;
use std::mem;
use std::sync::Arc;

use ::diesel::connection::Connection;
use ::diesel::r2d2::{ConnectionManager, Pool, R2D2Connection};

use super::r2d2::Pooled;
use super::transaction::{Diesel, DieselTransaction};
use crate::ambient::Stepped;
use crate::ambient::local::{self, Exclusive, Local};
use crate::drivers::diesel_steps::{Hold, Steps};
use crate::error::{BoxError, Error};
use crate::transaction::Begin;
#[cfg(feature = "jobs")]
use crate::transaction::ConnectionId;

#[doc = include_str!("../../../docs/drivers/diesel_db.md")]
pub struct Db<C: Connection + R2D2Connection + Send + 'static> {
    pool: Pool<ConnectionManager<C>>,
    local: Arc<Local>,
}

impl<C: Connection + R2D2Connection + Send + 'static> Db<C> {
    /// Makes a handle of a pool.
    #[must_use]
    pub fn new(pool: Pool<ConnectionManager<C>>) -> Self {
        let local = Arc::new(Local::new::<Diesel>(false));
        Self { pool, local }
    }

    /// Makes a handle that takes part in transactions only: [`with`](Self::with) outside of any block is an error, of the kind
    /// [`ErrorKind::NotInTransaction`](crate::ErrorKind::NotInTransaction). Blocks begin as with any handle.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use commit_on_success::drivers::diesel::Db;
    /// use commit_on_success::{Error, ErrorKind};
    /// use diesel::connection::SimpleConnection as _;
    /// use diesel::r2d2::{ConnectionManager, Pool};
    /// use diesel::sqlite::SqliteConnection;
    ///
    /// let pool = Pool::new(ConnectionManager::<SqliteConnection>::new(":memory:"))?;
    /// let db = Db::required(pool);
    /// let refused: diesel::result::Error = db.with(|conn| conn.batch_execute("SELECT 1")).unwrap_err();
    /// assert_eq!(Error::find(&refused).unwrap().kind(), ErrorKind::NotInTransaction);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn required(pool: Pool<ConnectionManager<C>>) -> Self {
        let local = Arc::new(Local::new::<Diesel>(true));
        Self { pool, local }
    }

    /// Runs `f` with the connection of the transaction that is open around it, or outside of any block with one of the pool.
    ///
    /// Inside of `f` the connection is the one that `f` was given: a function that is annotated and takes it is in the same transaction,
    /// and whatever uses the handle is refused.
    ///
    /// # Errors
    ///
    /// Those of `f`, and of this crate: [`ErrorKind::Acquire`](crate::ErrorKind::Acquire) when the pool has no connection,
    /// [`BesideBlock`](crate::ErrorKind::BesideBlock) inside of a block that was begun on the pool itself or on another connection,
    /// [`Busy`](crate::ErrorKind::Busy) inside of another `f`, and [`NotInTransaction`](crate::ErrorKind::NotInTransaction) where a
    /// transaction is [required](Self::required).
    ///
    /// # Panics
    ///
    /// With the payload of `f`.
    pub fn with<R, E>(&self, f: impl FnOnce(&mut C) -> Result<R, E>) -> Result<R, E>
    where
        E: From<Error>,
    {
        local::with(self, f)
    }

    /// Whether a job of the innermost open block, which is on that connection, would be stored by it.
    #[cfg(feature = "jobs")]
    pub(super) fn is_on_connection(&self, connection: ConnectionId) -> bool {
        self.local.is_on(connection)
    }

    /// The pool, for what is to be outside of any transaction, on purpose: a statement that is kept whatever becomes of the
    /// block that it is in.
    #[must_use]
    pub fn pool(&self) -> &Pool<ConnectionManager<C>> {
        &self.pool
    }
}

impl<C: Connection + R2D2Connection + Send + 'static> Clone for Db<C> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            local: Arc::clone(&self.local),
        }
    }
}

impl<C: Connection + R2D2Connection + Send + 'static> fmt::Debug for Db<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Db");
        shown.field("pool", &self.pool);
        shown.field("required", &self.local.required);
        shown.finish()
    }
}

impl<C: Connection + R2D2Connection + Send + 'static> Stepped for Db<C> {
    type Transaction = DieselTransaction<Pooled<ConnectionManager<C>>>;

    type Steps = Steps;

    fn swap(transaction: &mut Self::Transaction, steps: &mut Steps) {
        mem::swap(&mut transaction.steps, steps);
    }
}

impl<C: Connection + R2D2Connection + Send + 'static> Exclusive for Db<C> {
    type Connection = C;

    fn local(&self) -> &Local {
        &self.local
    }

    fn acquire(&self) -> Result<Self::Transaction, BoxError> {
        Begin::acquire_session(&self.pool)
    }

    fn steps(transaction: &Self::Transaction) -> Steps {
        transaction.steps_of_another_block()
    }

    fn connection(transaction: &mut Self::Transaction) -> &mut C {
        transaction.holder.connection()
    }
}

impl<C: Connection + R2D2Connection + Send + 'static> Begin<Diesel> for &Db<C> {
    type Transaction = local::Shared<Db<C>>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        local::Shared::begin(self.clone())
    }
}

impl<C: Connection + R2D2Connection + Send + 'static> Begin<Diesel> for Db<C> {
    type Transaction = local::Shared<Self>;

    fn acquire_session(self) -> Result<Self::Transaction, BoxError> {
        local::Shared::begin(self)
    }
}
