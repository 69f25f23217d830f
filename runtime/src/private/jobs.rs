//! What `enqueue!` finds connections with, and nothing else, as it is all imported where that is called.

#[cfg(feature = "diesel")]
pub use crate::drivers::diesel::jobs::ByConnection as _;
#[cfg(feature = "diesel-async")]
pub use crate::drivers::diesel_async::jobs::ByAsyncConnection as _;
pub use crate::jobs::{ByMut as _, ByRef as _};
