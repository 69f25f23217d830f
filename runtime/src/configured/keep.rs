//! Giving a transaction to a keeper together with its settings.

use super::session::Configured;
use crate::settings::Settings;
use crate::transaction::{AsyncTransaction, Keeper};

/// A keeper of a transaction with settings, for the transaction alone.
pub(super) struct Keep<K> {
    pub(super) keeper: K,
    pub(super) settings: Settings,
}

impl<T, K: Keeper<Configured<T>>> Keeper<T> for Keep<K> {
    type Kept = K::Kept;

    fn of_owned<O: AsyncTransaction + 'static>(
        self,
        owned: O,
        back: impl FnOnce(O) -> T + Send + 'static,
    ) -> Self::Kept {
        let owned = Configured {
            transaction: owned,
            settings: self.settings,
        };
        self.keeper.of_owned(owned, |owned| Configured {
            transaction: back(owned.transaction),
            settings: owned.settings,
        })
    }

    fn of_borrowed(self, transaction: T) -> Self::Kept {
        self.keeper.of_borrowed(Configured {
            transaction,
            settings: self.settings,
        })
    }
}
