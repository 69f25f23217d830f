#![doc = include_str!("../../../docs/drivers/diesel.md")]
#![doc = include_str!("../../../docs/drivers/diesel_family.md")]

mod cached_statement;
#[cfg(all(feature = "ambient", feature = "diesel-r2d2"))]
mod db;
#[cfg(feature = "jobs")]
pub(crate) mod jobs;
#[cfg(feature = "diesel-r2d2")]
mod r2d2;
#[cfg(feature = "diesel-r2d2")]
mod source;
mod transaction;

#[cfg(all(feature = "ambient", feature = "diesel-r2d2"))]
pub use db::Db;
#[cfg(feature = "diesel-r2d2")]
pub use source::Source;
