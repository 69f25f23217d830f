#![doc = include_str!("../../../docs/drivers/postgres.md")]

mod sources;
mod transaction;
