#![doc = include_str!("../../../docs/drivers/tokio_postgres.md")]

#[cfg(feature = "deadpool-postgres")]
mod deadpool;
mod hold;
mod transaction;
