#![doc = include_str!("../../../docs/drivers/diesel.md")]
#![doc = include_str!("../../../docs/drivers/diesel_family.md")]

mod cached_statement;
#[cfg(feature = "jobs")]
pub(crate) mod jobs;
#[cfg(feature = "diesel-r2d2")]
mod r2d2;
mod transaction;
