#![doc = include_str!("../../../docs/drivers/rusqlite.md")]

mod check;
mod sources;
mod transaction;
