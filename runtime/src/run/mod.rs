//! Running what a block has queued, once it has ended.
//!
//! `drain` runs what waited for a commit, `rollback` what waited for a rollback, and both keep what fails in `results`; `robust` keeps
//! it from them.

mod drain;
mod results;
mod robust;
mod rollback;

pub(crate) use drain::Drain;
pub(crate) use robust::{Unheard, robust, robust_async};
pub(crate) use rollback::{discard, run_handlers_of_end};
