//! The frames of the open transactions, and the slots that they live in while their body runs.
//!
//! A frame is owned by its scope. While the scope's body runs (a sync body as a whole, an async body
//! for each poll, and for its drop) the frame is on this thread's stack of frames, and a guard takes it off again. So
//! it follows its task from thread to thread, and no other task ever sees it.

mod away;
mod children;
mod entered;
mod frame;
mod identity;
mod inside;
mod open;
mod stack;

pub(crate) use crate::queue::{MustRollBack, Pending};
pub(crate) use away::Address;
pub(crate) use children::{Child, Enclosing, Refusal, child_ends, nest_in_untouched};
pub(crate) use entered::Hidden;
pub(crate) use frame::{Frame, Kind, Levels};
pub(crate) use identity::Identity;
pub(crate) use inside::{Inside, Outside};
#[cfg(feature = "ambient")]
pub(crate) use open::{Around, around};
pub(crate) use open::{
    OpenBlock, capture, change_innermost_of, id_of_innermost_of, innermost, is_capturing, is_empty,
    pending, prepare_innermost_of, remove,
};
