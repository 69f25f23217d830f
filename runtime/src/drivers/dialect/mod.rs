//! The databases, whichever driver they are reached through: their statements, and the meaning of their errors.
#![allow(dead_code, reason = "each driver needs its part")]

pub(super) mod mysql;
pub(super) mod postgresql;
pub(super) mod sqlite;
#[cfg(any(feature = "sqlx-postgres", feature = "tokio-postgres"))]
pub(super) mod transaction_id;
