#![doc = include_str!("../../../docs/drivers/postgres.md")]
#![doc = include_str!("../../../docs/drivers/postgres_family.md")]

#[cfg(feature = "jobs")]
pub(crate) mod jobs;
mod sources;
mod transaction;
