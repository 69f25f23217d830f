#![doc = include_str!("../../../docs/drivers/rusqlite.md")]

mod check;
#[cfg(feature = "ambient")]
mod db;
mod pragma;
mod sources;
mod transaction;

#[cfg(feature = "ambient")]
pub use db::Db;
