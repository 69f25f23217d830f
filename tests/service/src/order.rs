//! The orders, and the answers to them.

use fastrand::Rng;
use serde::{Deserialize, Serialize};

use crate::words::words;

/// The number of rows of the stock.
pub const ITEMS: i32 = 50;

/// An order.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Order {
    /// No other order has it.
    pub id: i64,
    /// Whose row of the stock is locked.
    pub item: i32,
    /// The end that its transaction is to have.
    pub end: End,
    /// The fate of its nested block.
    pub audit: Audit,
}

/// The end that the transaction of an order is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// With a commit.
    Commit,
    /// With an error of the body.
    BodyFails,
    /// With a deferred constraint that `COMMIT` finds violated.
    CommitFails,
}

/// The fate of the nested block of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Audit {
    /// Its row is kept.
    Kept,
    /// The block fails once its row is there, and the order goes on without.
    Fails,
}

impl Order {
    /// One in ten fails in its body, one in twenty at its commit, one in five in its nested block.
    #[must_use]
    pub fn random(id: i64, rng: &mut Rng) -> Self {
        let end = match rng.u32(..20) {
            0 | 1 => End::BodyFails,
            2 => End::CommitFails,
            _ => End::Commit,
        };
        let audit = match rng.u32(..5) {
            0 => Audit::Fails,
            _ => Audit::Kept,
        };
        Self {
            id,
            item: rng.i32(1..=ITEMS),
            end,
            audit,
        }
    }

    /// The only customer there is, or one who is not there.
    #[must_use]
    pub fn customer(self) -> i32 {
        match self.end {
            End::CommitFails => -1,
            End::Commit | End::BodyFails => 1,
        }
    }
}

words! {
    /// An answer to an order.
    Told {
        /// The order is placed.
        Stored = "stored",
        /// The order is refused, by the service or by the commit.
        Refused = "refused",
        /// Something went wrong, and nothing is stored.
        Failed = "failed",
        /// Something went wrong, and nobody knows what is stored.
        Unknown = "unknown",
    }
}
