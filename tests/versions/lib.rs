//! Of the modules of the tests those that the contract of rusqlite needs.

#[path = "../src/errors.rs"]
pub mod errors;
#[path = "../src/faults.rs"]
pub mod faults;
#[path = "../src/model.rs"]
pub mod model;
#[path = "../src/programs.rs"]
pub mod programs;
