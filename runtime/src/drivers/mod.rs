//! Adapters, one per driver: what is a source, and how each step is said in the driver's language.
//!
//! Every `#[cfg(feature)]` of the crate is below this module. The types are public because they are
//! named by the implementations of [`Begin`](crate::Begin) and [`AsyncBegin`](crate::AsyncBegin).
//!
#![doc = include_str!("../../docs/adapter.md")]
//! ```
#![doc = include_str!("../../examples/in_memory_store.rs")]
//! ```

mod dialect;
#[cfg(feature = "diesel")]
pub mod diesel;
#[cfg(feature = "diesel-async")]
pub mod diesel_async;
#[cfg(any(feature = "diesel", feature = "diesel-async"))]
mod diesel_steps;
mod original;
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
