//! The half of a block that is the same in diesel and diesel-async.

use std::marker::PhantomData;

use ::diesel::connection::TransactionManagerStatus;

use super::{Database, Hold, Interrupted, Ownership, Steps, depth, error};
#[cfg(feature = "ambient")]
use crate::ambient;
use crate::error::BoxError;
#[cfg(feature = "ambient")]
use crate::pool_id::PoolId;
use crate::transaction::{ConnectionId, Session, TransactionStatus};

/// A driver, told by the marker of its sources, and the connections that it has.
pub trait Driver<C>: 'static {
    /// The database that a connection leads to.
    type Backend;

    /// The name for observers, with that of each database behind it.
    const NAMES: Names;

    /// The transactions that diesel's manager knows of.
    fn status(connection: &mut C) -> &mut TransactionManagerStatus;

    /// Whether a connection goes on when the future of a statement on it is dropped.
    fn interrupted(database: Database) -> Interrupted;
}

/// The names of a driver for observers.
#[derive(Debug)]
pub struct Names {
    pub(in crate::drivers) postgresql: &'static str,
    pub(in crate::drivers) mysql: &'static str,
    pub(in crate::drivers) sqlite: &'static str,
    pub(in crate::drivers) other: &'static str,
}

/// A transaction on a connection of diesel or diesel-async.
#[derive(Debug)]
pub struct DieselBlock<D, H> {
    pub(in crate::drivers) holder: H,
    pub(in crate::drivers) steps: Steps,
    driver: PhantomData<D>,
}

impl<D, H> DieselBlock<D, H>
where
    H: Hold,
    D: Driver<H::Connection>,
{
    /// A block that could not verify its commits is refused here, before anything is begun.
    pub(in crate::drivers) fn on(holder: H) -> Result<Self, BoxError> {
        let database = Database::of::<D::Backend>()?;
        Ok(Self {
            holder,
            steps: Steps::on(database, D::interrupted(database)),
            driver: PhantomData,
        })
    }

    #[cfg(any(feature = "diesel-async-bb8", feature = "diesel-async-deadpool"))]
    pub(in crate::drivers) fn of_parts(holder: H, steps: Steps) -> Self {
        let driver = PhantomData;
        Self {
            holder,
            steps,
            driver,
        }
    }

    #[cfg(any(feature = "diesel-async-bb8", feature = "diesel-async-deadpool"))]
    pub(in crate::drivers) fn into_parts(self) -> (H, Steps) {
        (self.holder, self.steps)
    }

    #[cfg(all(
        feature = "ambient",
        any(
            feature = "diesel-async-bb8",
            feature = "diesel-async-deadpool",
            feature = "diesel-r2d2"
        )
    ))]
    pub(in crate::drivers) fn steps_of_another_block(&self) -> Steps {
        let database = self.steps.database();
        Steps::on(database, D::interrupted(database))
    }

    pub(in crate::drivers) fn manager_status(&mut self) -> &mut TransactionManagerStatus {
        D::status(self.holder.connection())
    }
}

impl<D, H> Session for DieselBlock<D, H>
where
    H: Hold,
    D: Driver<H::Connection>,
{
    type Handle<'t>
        = H::Handle<'t>
    where
        Self: 't;

    fn handle(&mut self) -> H::Handle<'_> {
        self.holder.lend()
    }

    /// The manager's status is inside the connection itself: at the same address through the smart pointer of a
    /// pool, and through the enum of `#[derive(MultiConnection)]`.
    fn connection_id(&mut self) -> ConnectionId {
        ConnectionId::of(self.manager_status())
    }

    fn status(&mut self) -> TransactionStatus {
        depth::transaction_status(self.manager_status())
    }

    fn owns_connection(&self) -> bool {
        self.holder.ownership() != Ownership::Borrowed
    }

    fn closes_connection(&self) -> bool {
        self.holder.ownership() == Ownership::Pooled
    }

    fn is_exclusive(&self) -> bool {
        true
    }

    fn levels(&mut self) -> Option<u32> {
        depth::levels(self.manager_status())
    }

    fn driver(&self) -> &'static str {
        let names = &D::NAMES;
        match self.steps.database() {
            Database::PostgreSql => names.postgresql,
            Database::MySql => names.mysql,
            Database::Sqlite => names.sqlite,
            Database::Other => names.other,
        }
    }

    #[cfg(feature = "ambient")]
    fn pool(&self) -> PoolId {
        ambient::pool_of::<D>(|| self.holder.pool())
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        error::is_transient(error)
    }

    fn was_rolled_back_by(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        error::explains_end(self.steps.database(), error)
    }
}
