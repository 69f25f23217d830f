//! Tests.

pub mod corner;
pub mod cutting;
pub mod journal;
pub mod polling;
pub mod proxy;
pub mod scripted;
pub mod servers;
pub mod transient;
