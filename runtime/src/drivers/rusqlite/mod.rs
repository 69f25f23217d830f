#![doc = include_str!("../../../docs/drivers/rusqlite.md")]

mod check;
mod pragma;
mod sources;
mod transaction;
