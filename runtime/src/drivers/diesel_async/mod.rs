#![doc = include_str!("../../../docs/drivers/diesel_async.md")]
#![doc = include_str!("../../../docs/drivers/diesel_family.md")]

#[cfg(feature = "diesel-async-bb8")]
mod bb8;
#[cfg(feature = "diesel-async-deadpool")]
mod deadpool;
#[cfg(feature = "jobs")]
pub(crate) mod jobs;
mod on_drop;
#[cfg(any(feature = "diesel-async-bb8", feature = "diesel-async-deadpool"))]
mod source;
mod transaction;

#[cfg(any(feature = "diesel-async-bb8", feature = "diesel-async-deadpool"))]
pub use source::Source;
