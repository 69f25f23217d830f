#![doc = include_str!("../../../docs/drivers/sea_orm.md")]

mod begin;
mod check;
mod code;
mod database;
mod ends;
#[cfg(feature = "ambient")]
mod handle;
#[cfg(feature = "jobs")]
pub(crate) mod jobs;
mod pragmas;
mod savepoint;
mod source;
mod transaction;
