//! What `enqueue!` is made of.

use crate::jobs::{Encoded, Enqueue};

/// Encodes a job. This is where a type that is none is reported, and nowhere else, as nothing that follows knows the type.
#[inline]
pub fn job(job: impl Enqueue) -> Encoded {
    Encoded::of(&job.into_configured())
}

/// What finds connections behind what leads to them, and nothing else, as it is all imported where `enqueue!` is called.
pub mod connections {
    #[cfg(feature = "diesel")]
    pub use crate::drivers::diesel::jobs::ByConnection as _;
    #[cfg(feature = "diesel-async")]
    pub use crate::drivers::diesel_async::jobs::ByAsyncConnection as _;
    pub use crate::jobs::{ByMut as _, ByRef as _, Useless as _};
}
