//! A transaction from its begin to its end.
//!
//! `level` decides what a block is to its connection, `state` keeps how far it is, `verdict` says what became of it. `sync`
//! and `future` are the straight line, once for each form: begin, body, commit. Everything that leaves it is in `begin`,
//! `core` and `drain` once, over the `steps` of either form.

mod begin;
mod core;
mod drain;
mod ending;
mod ends;
mod foreign;
mod future;
mod kept;
mod level;
mod returned;
mod running;
mod state;
mod steps;
mod sync;
mod then;
mod verdict;

pub use future::AsyncScope;
pub use returned::{AnyLifetime, Mistaken, Returned, Static};
pub use running::{AsyncRunning, Running};
pub use sync::Scope;
