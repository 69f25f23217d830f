//! Transactions that are found where they are needed, instead of passed on: what the handles of all drivers have in common.
//!
//! A handle is made of a pool. A block whose source is a handle lends its transaction to a [`Slot`](slot::Slot) while its body runs, and
//! the slot is listed with the pool's [`Registry`] under its connection. Whoever uses the handle in that body finds the frame
//! of the block on the stack of this thread, by its connection the slot, and waits for a [`Turn`].

mod ended;
mod inside;
mod pools;
mod registry;
mod session;
mod slot;
mod state;
mod statement;

pub(crate) use inside::Inside;
pub(crate) use pools::{of_pool, registry, unknown};
pub(crate) use registry::Registry;
pub(crate) use session::{Ambient, Handle};
pub(crate) use slot::Turn;
pub(crate) use statement::Statement;
