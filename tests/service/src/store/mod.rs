//! The ways to place an order.
//!
//! Each backend has statements, which all of its ways share, and the functions that differ: with the attribute and by
//! hand. [`Spawned`] is any of them in a task of its own.
//!
//! On PostgreSQL an order locks its row of the stock by `SELECT … FOR UPDATE`, is inserted, and takes its piece of the
//! stock; on SQLite, where `BEGIN IMMEDIATE` locks everything, it takes its piece and is inserted. Its audit is a row in
//! a savepoint.

pub mod deadpool;
pub mod diesel_async;
pub mod rusqlite;
pub mod sea_orm;
pub mod sqlx;

mod failure;
mod noted;
mod pool;
mod spawned;

pub use self::failure::Failure;
pub use self::noted::Noted;
pub use self::pool::{Held, Pool, Visitor};
pub use self::spawned::Spawned;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::effects::Effects;
use crate::order::{Audit, Order};
use crate::words::words;

/// The connections of each pool.
pub const CONNECTIONS: u8 = 8;

/// The patience of whoever waits for a connection.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

words! {
    /// The pool, with its driver and database.
    Backend {
        /// A pool of sqlx with PostgreSQL.
        Sqlx = "sqlx-postgres",
        /// A pool of deadpool-postgres.
        Deadpool = "deadpool-postgres",
        /// sea-orm on a pool of sqlx with PostgreSQL.
        SeaOrm = "sea-orm-postgres",
        /// A pool of deadpool with connections of diesel-async to PostgreSQL.
        DieselAsync = "diesel-async-postgres",
        /// A pool of r2d2 with connections of rusqlite to a file.
        Rusqlite = "rusqlite",
    }
}

words! {
    /// A way to write the transaction.
    Way {
        /// With the attribute.
        Attribute = "attribute",
        /// By hand: begin, commit, then the calls.
        ByHand = "by-hand",
        /// The same, with a look at the transaction before `COMMIT`.
        Verified = "by-hand-verified",
        /// With the attribute, in a task that goes on when the client hangs up.
        Spawned = "attribute-spawned",
    }
}

impl Backend {
    /// Those whose database is a server.
    #[must_use]
    pub fn is_postgres(self) -> bool {
        self != Self::Rusqlite
    }
}

impl Way {
    /// Those that have the promises to keep.
    #[must_use]
    pub fn has_promises(self) -> bool {
        matches!(self, Self::Attribute | Self::Spawned)
    }
}

/// The last statement of a transaction by hand before its `COMMIT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Nothing.
    Nothing,
    /// Looks whether the transaction is still good.
    Transaction,
}

/// A service that places orders.
pub trait Store: Clone + Send + Sync + 'static {
    /// Places an order, and makes its calls.
    fn place(&self, order: Order) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// A pool, and what its orders have done.
#[derive(Clone, Debug)]
pub struct Shop<Pool> {
    /// The connections.
    pub pool: Pool,
    /// The calls.
    pub effects: Effects,
}

impl<Pool> Shop<Pool> {
    /// Makes the calls of an order by hand.
    async fn call(&self, id: i64, audit: Audit) {
        self.effects.placed(id);
        if audit == Audit::Kept {
            self.effects.clone().audited_later(id).await;
        }
    }
}

/// The attribute's way on a pool.
#[derive(Clone, Debug)]
pub struct Annotated<Pool>(pub Shop<Pool>);

/// A transaction by hand on a pool.
#[derive(Clone, Debug)]
pub struct ByHand<Pool>(pub Shop<Pool>, pub Check);

/// The sessions that a pool has begun; its clones share the count.
#[derive(Clone, Debug, Default)]
pub struct Sessions(Arc<AtomicU64>);

impl Sessions {
    pub(crate) fn begun(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of them so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
