#![doc = include_str!("../../../docs/drivers/postgres.md")]
#![doc = include_str!("../../../docs/drivers/postgres_family.md")]

mod sources;
mod transaction;
