//! The cost of the attribute and of `defer!`, beside the same by hand, on a driver that does nothing.
//!
//! Counts of instructions and allocations, and sizes, are the same in each run: `tests/` holds them to bounds, and
//! `src/bin/instructions.rs` prints them as rows of a table.

pub mod allocations;
pub mod blocks;
pub mod built;
pub mod callgrind;
pub mod calls;
pub mod driver;
pub mod futures;
pub mod sizes;
pub mod work;
