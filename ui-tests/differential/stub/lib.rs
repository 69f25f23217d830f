//! `commit_on_success` with macros that do nothing.

pub use real::*;
pub use stub_macros::{commit_on_success, defer, transaction, try_defer};
