//! A table of all that can happen to a block: each step of its driver, each answer to it, wherever the block is and
//! however its body ends, run on the scripted driver and compared with a model of what has to come of it.

mod blocks;
mod cells;
mod compare;
mod model;
mod run;
mod scripts;
mod seen;

pub use cells::Cell;
pub use compare::complaints;
pub use model::expected;
pub use run::run;
pub use scripts::cells;
pub use seen::{Seen, observe};
