//! Transactions that are found where they are needed, instead of passed on: what the handles of all drivers have in common.
//!
//! A handle is made of a pool. A block whose source is a handle lends its transaction to a [`Slot`](slot::Slot) while its body runs, and
//! the slot is listed with the pool's registry under its connection. Whoever uses the handle in that body finds the frame
//! of the block on the stack of this thread, by its connection the slot, and waits for its turn.

mod ended;
mod handle;
mod inside;
mod lease;
pub(crate) mod local;
mod pool;
mod pools;
mod registry;
mod session;
mod slot;
mod state;
mod statement;
mod steps;
mod turn;

pub use handle::Handle;
pub use lease::Lease;
pub(crate) use pool::{Leasable, PATIENCE, Pool};
pub(crate) use pools::{Numbered, pool_of};
pub(crate) use statement::Statement;
pub(crate) use steps::Stepped;
