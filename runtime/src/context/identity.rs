//! What tells a block from all others.

use crate::observer::NO_TRANSACTION;
use crate::pool_id::PoolId;

/// The number of a block, for observers, and the pool of its connection, for handles: in one word, as a future has room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity(u64);

impl Identity {
    /// One that nobody asks for.
    pub(crate) const NONE: Self = Self(NO_TRANSACTION);

    /// The bits of the number, which a process does not exhaust.
    const NUMBER: u32 = 48;

    #[inline]
    pub(crate) fn of(number: u64, pool: PoolId) -> Self {
        let number = number & ((1 << Self::NUMBER) - 1);
        Self(number | u64::from(pool.0) << Self::NUMBER)
    }

    #[inline]
    pub(crate) fn number(self) -> u64 {
        self.0 & ((1 << Self::NUMBER) - 1)
    }

    #[cfg(feature = "ambient")]
    pub(super) fn pool(self) -> PoolId {
        PoolId(u16::try_from(self.0 >> Self::NUMBER).unwrap_or_default())
    }
}
