//! Of the modules of [`lib.rs`](lib.rs) those that need no server and few drivers.

pub mod elsewhere;
pub mod errors;
pub mod faults;
pub mod journal;
pub mod model;
pub mod noting;
pub mod polling;
pub mod programs;
pub mod scripted;
pub mod table;
pub mod transient;
