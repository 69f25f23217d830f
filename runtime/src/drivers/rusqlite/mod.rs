#![doc = include_str!("../../../docs/drivers/rusqlite.md")]

mod check;
#[cfg(feature = "ambient")]
mod db;
#[cfg(feature = "jobs")]
pub(crate) mod jobs;
mod pragma;
mod sources;
mod transaction;

#[cfg(feature = "ambient")]
pub use db::Db;
