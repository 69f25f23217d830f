//! Running what a block has queued, once it has ended.
//!
//! `drain` runs what waited for a commit, `rollback` what waited for a rollback, and both keep what fails in `results`.

mod drain;
mod results;
mod rollback;

pub(crate) use drain::Drain;
pub(crate) use rollback::{discard, run_rollback_handlers};
