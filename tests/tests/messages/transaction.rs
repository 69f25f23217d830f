//! The transactions whose messages are counted.

use std::error::Error;

/// The driver's error, or the crate's.
pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The shape of a transaction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    Commits,
    Fails,
    TakesBack,
    Nested,
    NestedFails,
}

impl Shape {
    pub(crate) fn is_stored(self) -> bool {
        !matches!(self, Self::Fails | Self::TakesBack)
    }

    pub(crate) fn is_nested(self) -> bool {
        matches!(self, Self::Nested | Self::NestedFails)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    ByHand,
    Annotated,
}

/// A connection of a driver, or a pool of one, that leads through a proxy.
pub(crate) trait Place {
    async fn run(&mut self, way: Way, shape: Shape, id: i64) -> Result;

    /// Whether nothing more is sent, as a pool does when it takes a connection back.
    fn is_idle(&self) -> bool;

    /// Drops it, where it may block.
    fn leave(self);
}
