#![doc = include_str!("../../../docs/drivers/tokio_postgres.md")]
#![doc = include_str!("../../../docs/drivers/postgres_family.md")]

#[cfg(feature = "deadpool-postgres")]
mod deadpool;
#[cfg(all(feature = "ambient", feature = "deadpool-postgres"))]
mod handle;
mod hold;
#[cfg(feature = "jobs")]
pub(crate) mod jobs;
#[cfg(feature = "ambient")]
mod shared;
mod transaction;
