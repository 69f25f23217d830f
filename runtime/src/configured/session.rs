//! The connection of a source with settings.

use crate::pool_id::PoolId;
use crate::settings::Settings;
use crate::transaction::{ConnectionId, Session, TransactionStatus};

/// A connection, and the settings of the transaction that is begun on it.
#[derive(Debug)]
pub struct Configured<T> {
    pub(super) transaction: T,
    pub(super) settings: Settings,
}

impl<T: Session> Session for Configured<T> {
    type Handle<'t>
        = T::Handle<'t>
    where
        Self: 't;

    fn handle(&mut self) -> T::Handle<'_> {
        self.transaction.handle()
    }

    fn connection_id(&mut self) -> ConnectionId {
        self.transaction.connection_id()
    }

    fn status(&mut self) -> TransactionStatus {
        self.transaction.status()
    }

    fn owns_connection(&self) -> bool {
        self.transaction.owns_connection()
    }

    fn clears_leftovers(&self) -> bool {
        self.transaction.clears_leftovers()
    }

    fn closes_connection(&self) -> bool {
        self.transaction.closes_connection()
    }

    fn is_exclusive(&self) -> bool {
        self.transaction.is_exclusive()
    }

    fn option_of_begin(&self) -> Option<&'static str> {
        Some(self.settings.option())
    }

    fn levels(&mut self) -> Option<u32> {
        self.transaction.levels()
    }

    fn driver(&self) -> &'static str {
        self.transaction.driver()
    }

    fn pool(&self) -> PoolId {
        self.transaction.pool()
    }

    fn is_transient(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        self.transaction.is_transient(error)
    }

    fn was_rolled_back_by(&self, error: &(dyn std::error::Error + 'static)) -> bool {
        self.transaction.was_rolled_back_by(error)
    }
}
