//! The drivers: what can be the source of a transaction, and what each of them cannot keep.
#![doc = include_str!("../../docs/drivers/mod.md")]

#[doc = include_str!("../../docs/adapter.md")]
///
/// ```
#[doc = include_str!("../../examples/in_memory_store.rs")]
/// ```
pub mod adapter {}
#[cfg(feature = "deadpool-postgres")]
#[doc = include_str!("../../docs/drivers/deadpool_postgres.md")]
pub mod deadpool_postgres {}
mod dialect;
#[cfg(feature = "diesel")]
pub mod diesel;
#[cfg(feature = "diesel-async")]
pub mod diesel_async;
#[cfg(any(feature = "diesel", feature = "diesel-async"))]
mod diesel_steps;
#[cfg(any(feature = "postgres", feature = "rusqlite", feature = "tokio-postgres"))]
mod ownership;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "postgres", feature = "tokio-postgres"))]
mod postgres_steps;
#[cfg(feature = "rusqlite")]
pub mod rusqlite;
#[cfg(feature = "sea-orm")]
pub mod sea_orm;
#[cfg(any(
    feature = "sqlx-mysql",
    feature = "sqlx-postgres",
    feature = "sqlx-sqlite"
))]
pub mod sqlx;
#[cfg(feature = "tokio-postgres")]
pub mod tokio_postgres;
#[cfg(feature = "tracing")]
pub mod tracing;
