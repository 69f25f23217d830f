//! The databases, whichever driver they are reached through: their statements, and the meaning of their errors.
#![allow(dead_code, reason = "each driver needs its part")]

use crate::transaction::Savepoint;

/// The savepoint that tells at the end of a transaction whether it is there.
macro_rules! savepoint {
    () => {
        "SAVEPOINT commit_on_success"
    };
}

#[cfg(feature = "jobs")]
pub(super) mod jobs;
pub(super) mod mysql;
pub(super) mod postgresql;
pub(super) mod postgresql_settings;
pub(super) mod pragma;
pub(super) mod sqlite;
#[cfg(any(feature = "sqlx-postgres", feature = "tokio-postgres"))]
pub(super) mod transaction_id;

/// Undoes what was done since a savepoint, and releases it, in one message.
pub(super) fn undo(savepoint: Savepoint) -> String {
    format!("{}; {}", savepoint.rollback_to(), savepoint.release())
}
